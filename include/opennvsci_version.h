/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Which OpenNvSci this is, for the preprocessor. Every header of NvSci includes it here, so a program that is built for
 * DRIVE OS or Jetson too tells them apart by
 *
 *     #ifdef OPENNVSCI_VERSION
 *
 * The build has the versions of the libraries from here, and refuses a number of the project that is not CMake's.
 *
 * Source of all rules in this file: OpenNvSci decisions.
 */
#ifndef INCLUDED_OPENNVSCI_VERSION_H
#define INCLUDED_OPENNVSCI_VERSION_H

/** @addtogroup modules
 *  @{ */

/** Before 1.0 a greater number here or in the minor number may take something away (docs/abi-policy.md). */
#define OPENNVSCI_VERSION_MAJOR 0
/** A greater number adds something. */
#define OPENNVSCI_VERSION_MINOR 1
/** A greater number repairs something. */
#define OPENNVSCI_VERSION_PATCH 0

/** The interface of nvscibuf.h: NvSciBufMajorVersion and NvSciBufMinorVersion for the preprocessor. */
#define OPENNVSCI_NVSCIBUF_VERSION_MAJOR 2
#define OPENNVSCI_NVSCIBUF_VERSION_MINOR 11 /**< See OPENNVSCI_NVSCIBUF_VERSION_MAJOR. */
/** The interface of nvscisync.h: NvSciSyncMajorVersion and NvSciSyncMinorVersion. */
#define OPENNVSCI_NVSCISYNC_VERSION_MAJOR 2
#define OPENNVSCI_NVSCISYNC_VERSION_MINOR 8 /**< See OPENNVSCI_NVSCISYNC_VERSION_MAJOR. */
/** The interface of nvsciipc.h: NvSciIpcMajorVersion and NvSciIpcMinorVersion. */
#define OPENNVSCI_NVSCIIPC_VERSION_MAJOR 1
#define OPENNVSCI_NVSCIIPC_VERSION_MINOR 4 /**< See OPENNVSCI_NVSCIIPC_VERSION_MAJOR. */
/** The interface of nvscievent.h. The constants of that header say 1.4, as NVIDIA's do; everything of 1.5 is there. */
#define OPENNVSCI_NVSCIEVENT_VERSION_MAJOR 1
#define OPENNVSCI_NVSCIEVENT_VERSION_MINOR 5 /**< See OPENNVSCI_NVSCIEVENT_VERSION_MAJOR. */
/** The interface of nvscivk.h, which is OpenNvSci's own and may change before 1.0. */
#define OPENNVSCI_NVSCIVK_VERSION_MAJOR 0
#define OPENNVSCI_NVSCIVK_VERSION_MINOR 1 /**< See OPENNVSCI_NVSCIVK_VERSION_MAJOR. */

/** A version as one number that grows with it: 10203 is 1.2.3. */
#define OPENNVSCI_VERSION_NUMBER(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))
/** This version as such a number. */
#define OPENNVSCI_VERSION \
    OPENNVSCI_VERSION_NUMBER(OPENNVSCI_VERSION_MAJOR, OPENNVSCI_VERSION_MINOR, OPENNVSCI_VERSION_PATCH)
/** Whether this version is that one or later, for conditions: OPENNVSCI_VERSION_AT_LEAST(0, 2, 0). */
#define OPENNVSCI_VERSION_AT_LEAST(major, minor, patch) \
    (OPENNVSCI_VERSION >= OPENNVSCI_VERSION_NUMBER(major, minor, patch))

#define OPENNVSCI_VERSION_TEXT_(number) #number                        /**< Only for the next line. */
#define OPENNVSCI_VERSION_TEXT(number) OPENNVSCI_VERSION_TEXT_(number) /**< A number as text. */
#define OPENNVSCI_VERSION_PAIR(interface)                         \
    OPENNVSCI_VERSION_TEXT(OPENNVSCI_##interface##_VERSION_MAJOR) \
    "." OPENNVSCI_VERSION_TEXT(OPENNVSCI_##interface##_VERSION_MINOR) /**< Of an interface, as text. */

/** This version as text: "0.1.0". */
#define OPENNVSCI_VERSION_STRING                    \
    OPENNVSCI_VERSION_TEXT(OPENNVSCI_VERSION_MAJOR) \
    "." OPENNVSCI_VERSION_TEXT(OPENNVSCI_VERSION_MINOR) "." OPENNVSCI_VERSION_TEXT(OPENNVSCI_VERSION_PATCH)
#define OPENNVSCI_NVSCIBUF_VERSION_STRING OPENNVSCI_VERSION_PAIR(NVSCIBUF)     /**< "2.11" */
#define OPENNVSCI_NVSCISYNC_VERSION_STRING OPENNVSCI_VERSION_PAIR(NVSCISYNC)   /**< "2.8" */
#define OPENNVSCI_NVSCIIPC_VERSION_STRING OPENNVSCI_VERSION_PAIR(NVSCIIPC)     /**< "1.4" */
#define OPENNVSCI_NVSCIEVENT_VERSION_STRING OPENNVSCI_VERSION_PAIR(NVSCIEVENT) /**< "1.5" */
#define OPENNVSCI_NVSCIVK_VERSION_STRING OPENNVSCI_VERSION_PAIR(NVSCIVK)       /**< "0.1" */

/** @} */

#endif /* INCLUDED_OPENNVSCI_VERSION_H */
