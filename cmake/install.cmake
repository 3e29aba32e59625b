# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts under the prefix, in four components: runtime (the libraries), development (what building
# programs needs, documents and examples), tool (the command) and python (the Python package). Everything finds everything else by relative paths, so
# the prefix may be moved afterwards.
#
# An NvSci library is its target, its header and its pkg-config file, all of its name; libnvscicommon, which is empty, has
# no header.

include(CMakePackageConfigHelpers)

install(FILES
    include/nvscierror.h include/nvscibuf.h include/nvscisync.h include/nvsciipc.h include/nvscievent.h include/nvscicuda.h
    include/nvscivk.h include/opennvsci.h include/opennvsci_look.h include/opennvsci_dlpack.h include/opennvsci_python.h
    include/opennvsci_version.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# The libraries lie in one directory: each finds libopennvsci and the interposer beside it, and the software device below.
set(opennvsci_libraries opennvsci nvscibuf nvscisync nvsciipc nvscievent nvscivk nvscicommon)
set_target_properties(${opennvsci_libraries} opennvsci_interpose PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS opennvsci_interpose LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_SKIP)
install(TARGETS ${opennvsci_libraries} EXPORT OpenNvSci
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS softcuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/opennvsci/softcuda COMPONENT runtime)

if(TARGET opennvsci-tool)
    install(TARGETS opennvsci-tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tool)
    install(FILES tools/demo/picture.png DESTINATION ${CMAKE_INSTALL_DATADIR}/opennvsci COMPONENT tool)
    install(FILES machines/h100.json machines/software-device.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/opennvsci/machines COMPONENT tool)
    install(DIRECTORY examples/negotiations DESTINATION ${CMAKE_INSTALL_DATADIR}/opennvsci COMPONENT tool
        FILES_MATCHING PATTERN *.json)
    install(FILES tools/completion/opennvsci DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        COMPONENT tool)
endif()
if(TARGET opennvsci_man)
    get_target_property(opennvsci_pages opennvsci_man OPENNVSCI_PAGES)
    install(FILES ${opennvsci_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool OPTIONAL)
endif()

# libopennvsci contains what the compiler brought along, whose licence goes with it, with or without the documents.
if(OPENNVSCI_LIBBACKTRACE)
    install(FILES licenses/libbacktrace.txt DESTINATION ${CMAKE_INSTALL_DOCDIR}/licenses COMPONENT runtime)
endif()

# The README's links lead from where it lies in the tree, so what they lead to keeps its place beside it.
install(FILES LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
    COMPONENT development)
install(DIRECTORY licenses DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development
    FILES_MATCHING PATTERN *.md PATTERN *.svg PATTERN *.png PATTERN keys EXCLUDE)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development FILES_MATCHING PATTERN *.cpp
    PATTERN *.py PATTERN negotiations EXCLUDE)

# The Python package, which needs nothing but the libraries: PYTHONPATH names its folder, or Python looks there.
set(OPENNVSCI_PYTHON_DIR ${CMAKE_INSTALL_DATADIR}/opennvsci/python CACHE STRING "Folder of the Python package")
install(DIRECTORY python/opennvsci DESTINATION ${OPENNVSCI_PYTHON_DIR} COMPONENT python FILES_MATCHING PATTERN *.py
    PATTERN py.typed PATTERN __pycache__ EXCLUDE)

# find_package(OpenNvSci): OpenNvSci:: before the name of each library.
set(opennvsci_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/OpenNvSci)
install(EXPORT OpenNvSci NAMESPACE OpenNvSci:: DESTINATION ${opennvsci_package_dir} FILE OpenNvSciTargets.cmake
    COMPONENT development)
configure_package_config_file(cmake/OpenNvSciConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfig.cmake
    INSTALL_DESTINATION ${opennvsci_package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfigVersion.cmake
    DESTINATION ${opennvsci_package_dir} COMPONENT development)

# pkg-config LIBRARY: the prefix is where the .pc file lies, as many directories up as libdir/pkgconfig has.
set(opennvsci_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH opennvsci_pc_prefix /prefix/${opennvsci_pc_dir} /prefix)
string(REGEX REPLACE "/$" "" opennvsci_pc_prefix ${opennvsci_pc_prefix})
list(REMOVE_ITEM opennvsci_libraries opennvsci)
foreach(library IN LISTS opennvsci_libraries)
    get_target_property(interface_version ${library} OPENNVSCI_INTERFACE_VERSION)
    configure_file(cmake/library.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${library}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${library}.pc DESTINATION ${opennvsci_pc_dir} COMPONENT development)
endforeach()
