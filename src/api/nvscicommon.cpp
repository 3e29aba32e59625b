// SPDX-License-Identifier: Apache-2.0
//
// libnvscicommon is empty. On DRIVE OS it holds what the NvSci libraries share, and build lines of programs name it;
// here that is libopennvsci, which comes along by itself.
