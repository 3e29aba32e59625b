# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts under the prefix. Everything finds everything else by relative paths, so the prefix may be
# moved afterwards. The software device installs itself (softcuda/CMakeLists.txt).

include(CMakePackageConfigHelpers)

install(FILES
    include/nvscierror.h include/nvscibuf.h include/nvsciipc.h include/nvscievent.h include/nvscicuda.h
    include/opennvsci.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# The libraries lie in one directory: libnvscibuf finds libopennvsci beside it.
set_target_properties(opennvsci nvscibuf PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS opennvsci nvscibuf EXPORT OpenNvSci
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

if(TARGET opennvsci-tool)
    install(TARGETS opennvsci-tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# find_package(OpenNvSci): OpenNvSci::nvscibuf, OpenNvSci::opennvsci.
set(opennvsci_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/OpenNvSci)
install(EXPORT OpenNvSci NAMESPACE OpenNvSci:: DESTINATION ${opennvsci_package_dir} FILE OpenNvSciTargets.cmake)
configure_package_config_file(cmake/OpenNvSciConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfig.cmake
    INSTALL_DESTINATION ${opennvsci_package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/OpenNvSciConfigVersion.cmake
    DESTINATION ${opennvsci_package_dir})

# pkg-config nvscibuf: the prefix is where the .pc file lies, as many directories up as libdir/pkgconfig has.
set(opennvsci_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH opennvsci_pc_prefix /prefix/${opennvsci_pc_dir} /prefix)
string(REGEX REPLACE "/$" "" opennvsci_pc_prefix ${opennvsci_pc_prefix})
configure_file(cmake/nvscibuf.pc.in ${CMAKE_CURRENT_BINARY_DIR}/nvscibuf.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nvscibuf.pc DESTINATION ${opennvsci_pc_dir})
