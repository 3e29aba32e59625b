# SPDX-License-Identifier: Apache-2.0
#
# include/opennvsci_version.h says which version the project and each interface has. It is a plain file, so programs
# compile from the tree as from the package. Configuring fails if it and project() disagree; the interfaces have their
# numbers from there.

set(opennvsci_version_header ${CMAKE_CURRENT_LIST_DIR}/../include/opennvsci_version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${opennvsci_version_header})

# opennvsci_read_version(PREFIX OUT): the numbers PREFIX_MAJOR, _MINOR and, if there is one, _PATCH, as 1.2.3.
function(opennvsci_read_version prefix out)
    file(READ ${opennvsci_version_header} header)
    set(found)
    foreach(part IN ITEMS MAJOR MINOR PATCH)
        if(header MATCHES "#define ${prefix}_${part} ([0-9]+)")
            list(APPEND found ${CMAKE_MATCH_1})
        endif()
    endforeach()
    list(JOIN found "." version)
    set(${out} "${version}" PARENT_SCOPE)
endfunction()

opennvsci_read_version(OPENNVSCI_VERSION opennvsci_header_version)
if(NOT opennvsci_header_version STREQUAL PROJECT_VERSION)
    message(FATAL_ERROR "include/opennvsci_version.h says ${opennvsci_header_version}, and CMakeLists.txt "
        "${PROJECT_VERSION}: change both")
endif()
