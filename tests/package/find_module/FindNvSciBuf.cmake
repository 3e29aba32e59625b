# SPDX-License-Identifier: Apache-2.0
find_library(NVSCIBUF_LIBRARY NAMES nvscibuf PATHS /usr/lib PATH_SUFFIXES nvidia)
find_path(NVSCIBUF_INCLUDE_DIR NAMES nvscibuf.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NvSciBuf REQUIRED_VARS NVSCIBUF_LIBRARY NVSCIBUF_INCLUDE_DIR)
