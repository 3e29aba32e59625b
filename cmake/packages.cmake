# SPDX-License-Identifier: Apache-2.0
#
# `cpack` in the build directory makes three Debian packages, one for each component: libopennvsci, libopennvsci-dev and
# opennvsci. They put everything under /usr, where the compiler, the dynamic linker and find-modules look by themselves.
# The libraries go to the directory of the configured CMAKE_INSTALL_LIBDIR: lib, or, configured with
# CMAKE_INSTALL_PREFIX=/usr, Debian's lib/ARCHITECTURE.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME opennvsci)
set(CPACK_PACKAGE_VENDOR OpenNvSci)
set(CPACK_PACKAGE_CONTACT "OpenNvSci developers <opennvsci@localhost>")
set(CPACK_PACKAGE_HOMEPAGE_URL "")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
if(TARGET opennvsci-tool)
    list(APPEND CPACK_COMPONENTS_ALL tool)
endif()
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "NvSciBuf, NvSciSync, NvSciIpc and NvSciEvent for machines with the stock CUDA driver: the libraries, the software CUDA device")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "NvSciBuf, NvSciSync, NvSciIpc and NvSciEvent for machines with the stock CUDA driver: headers, pkg-config and CMake files, documents and examples")
set(CPACK_COMPONENT_TOOL_DESCRIPTION "NvSciBuf, NvSciSync, NvSciIpc and NvSciEvent for machines with the stock CUDA driver: the opennvsci command")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libopennvsci)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libopennvsci-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TOOL_PACKAGE_NAME opennvsci)
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libopennvsci (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TOOL_PACKAGE_DEPENDS "libopennvsci (= ${PROJECT_VERSION})")
# What the libraries need of the system is read from them. libcuda.so.1 is not among it: it is optional, and comes with
# NVIDIA's driver.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
# Not GENERATE_SHLIBS: it would tell other packages that libcuda.so.1 is here, which the software device is called.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/triggers)

include(CPack)
