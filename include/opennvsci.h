/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What OpenNvSci offers beyond the NvSci interfaces: why a call failed, and how a reconciliation came to its result;
 * by opennvsci_look.h, which it includes, what there is on a machine; and by opennvsci_dlpack.h, which it includes too,
 * buffers as arrays of other libraries.
 * Programs that include this header do not run on DRIVE OS or Jetson unless they leave these calls out there.
 *
 * All functions are thread-safe. Their output arguments are written only if they succeed.
 *
 * The structures are filled by the library alone. Each ends with reserved members, which are 0. A later version may
 * give some of them a meaning, in which 0 says that nothing is known. So a program and a library of different versions
 * understand each other, and arrays of structures keep their stride.
 *
 * Source of all rules in this file: OpenNvSci decisions.
 */
#ifndef INCLUDED_OPENNVSCI_H
#define INCLUDED_OPENNVSCI_H

#include "nvscibuf.h"
#include "nvscisync.h"
#include "opennvsci_dlpack.h"
#include "opennvsci_look.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup explain
 *  @{ */

/**
 * The text of the last failure of an NvSci or nvsciCu function on the calling thread: the function, the key, the value,
 * the rule, and often the change that would avoid the failure. The same for the driver's own functions that come by
 * OpenNvSci (docs/porting.md), such as cuMemFree, also if it was the driver that refused; look-ups leave no text.
 *
 * @return A text that is never NULL, empty if nothing failed yet on this thread. It belongs to the library and is valid
 *         until the next failing call on this thread. Successful calls leave it as it is.
 */
const char* opennvsciGetLastErrorText(void);

/**
 * The name of a code, as its enumerator has it: "NvSciError_BadParameter".
 *
 * @param error A code.
 * @return A text that is never NULL, valid until the process ends; "unknown" for a number that is no NvSciError.
 */
const char* opennvsciErrorName(NvSciError error);

/**
 * Whether refused calls of the calling thread are printed, as they are by default: one line on stderr, at the level
 * `notice`, at most once a second with the same text and ten lines a second. A program that tries what may be refused,
 * and looks at the code itself, keeps the lines away meanwhile: they are printed at the level `debug` then.
 * OPENNVSCI_LOG does it for a whole process.
 *
 * Not refused, and printed at the level `debug` alone, is what a program asks or waits for: time that is up, a wait
 * that a signal interrupts (NvSciError_InterruptedCall), a queue that is empty or full, NvSciError_TryItAgain, a
 * validation that answers no; and what the driver answers to the program's calls of its own functions that come by
 * OpenNvSci, unless it is about a buffer of OpenNvSci. Failures of functions that return no code are printed at the
 * level `error`, as often as refused calls.
 *
 * @param arePrinted Whether they are from now on.
 * @return Whether they were until now.
 */
bool opennvsciPrintRefusals(bool arePrinted);

/**
 * Names the participant whose wishes an attribute list holds, for error texts and reports ("camera" instead of
 * "list 2"). The name goes along when the list is cloned, appended or sent to another process, where the texts also say
 * whose it is ("camera at peer nvscisync_a_1"). A list of this process with such a name stands for one of a peer:
 * suggestions would rather change the others.
 *
 * @param attrList A writable unreconciled list.
 * @param name     A non-empty UTF-8 text of at most 63 bytes, without control characters, invisible ones and those that
 *                 turn the direction of writing: it stands in lines that people read. The joiners U+200C and U+200D may
 *                 stand between two visible characters other than a space, as Persian and emoji need them; the tags of
 *                 flag emoji may not. Copied. A second call replaces it.
 * @retval NvSciError_Success            The list has the name.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, a bad name, a list that cannot be written.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListSetName(NvSciBufAttrList attrList, const char* name);

/**
 * opennvsciBufAttrListSetName() for a list of NvSciSync.
 *
 * @param attrList A writable unreconciled list.
 * @param name     As for opennvsciBufAttrListSetName().
 * @retval NvSciError_Success            The list has the name.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrListSetName().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrListSetName(NvSciSyncAttrList attrList, const char* name);

/** What became of one key in a reconciliation. */
typedef enum {
    OpenNvSciOutcome_Granted = 0,   /**< As asked. */
    OpenNvSciOutcome_Defaulted = 1, /**< Nobody asked; the default. */
    OpenNvSciOutcome_Computed = 2,  /**< An output that follows from the other keys. */
    OpenNvSciOutcome_Adjusted = 3,  /**< More than was asked for, as the rule of the key says. */
    OpenNvSciOutcome_Denied = 4,    /**< A wish that was not granted; the reconciliation succeeded without it. */
    OpenNvSciOutcome_Refused = 5,   /**< The reconciliation failed because of this key. */
    OpenNvSciOutcome_Undecided = 6  /**< Asked for; another key was refused before its turn came. */
} OpenNvSciOutcome;

/** Why a key came out as it did. */
typedef enum {
    OpenNvSciReason_None = 0,         /**< As asked, or the default; or another process decided and did not say. */
    OpenNvSciReason_Conflict = 1,     /**< What is asked for this key cannot be had together. */
    OpenNvSciReason_IllegalValue = 2, /**< Nobody may ask for this value. */
    OpenNvSciReason_Missing = 3,      /**< It is mandatory, and nobody asks for it. */
    OpenNvSciReason_Excluded = 4,     /**< It excludes another key that is asked for. */
    OpenNvSciReason_Inconsistent = 5, /**< It does not fit the values of other keys. */
    OpenNvSciReason_UnknownGpu = 6,   /**< It names a GPU that this machine does not have, or no list in GpuId. */
    OpenNvSciReason_NoPlace = 7,      /**< No memory of this machine fits. */
    OpenNvSciReason_NotSupported = 8, /**< This machine cannot. */
    OpenNvSciReason_TooLarge = 9,     /**< A size, or a number, has no room. */
    OpenNvSciReason_Roles = 10,       /**< Not exactly one participant signals, or none waits. */
    OpenNvSciReason_NoCommonPrimitive = 11, /**< No primitive is offered by all lists and this machine. */
    OpenNvSciReason_Downgraded = 12,        /**< A wish that the buffer, or object, goes without. */
    OpenNvSciReason_Follows = 13,           /**< It follows from other keys. */
    OpenNvSciReason_ForPeers = 14,          /**< Only other processes ask for it, and get it there. */
    OpenNvSciReason_RoundedUp = 15          /**< More than was asked for. */
} OpenNvSciReason;

/** Whose wishes took part in a negotiation. All texts are never NULL. */
typedef struct {
    const char* name;     /**< As texts name it: "camera", "list 2", "camera at peer nvscisync_a_1". */
    const char* peer;     /**< The endpoint by which its list came from another process; empty: of this process. */
    uint32_t list;        /**< Position of its list in the call, from 0. */
    uint32_t slot;        /**< Slot of that list, from 0. */
    uint64_t reserved[4]; /**< 0. */
} OpenNvSciParticipant;

/** What one participant asks for a key. */
typedef struct {
    const void* value;    /**< As the program set it; at any address. */
    size_t len;           /**< Bytes of it. */
    const char* text;     /**< The value as texts have it. Never NULL. */
    uint32_t participant; /**< Who asks: the place in OpenNvSciReport.participants. */
    uint32_t reserved32;  /**< 0. */
    uint64_t reserved[2]; /**< 0. */
} OpenNvSciAsk;

/** A kind of change. */
typedef enum {
    OpenNvSciChangeKind_LeaveOut = 0,  /**< The participant does not ask for the key. */
    OpenNvSciChangeKind_Set = 1,       /**< It asks for another value. */
    OpenNvSciChangeKind_LeaveApart = 2 /**< It does not take part, and is reconciled apart; the key is only why. */
} OpenNvSciChangeKind;

/** A change of what one participant asks. */
typedef struct {
    const void* value;        /**< Of OpenNvSciChangeKind_Set: the value, at any address; else NULL. */
    size_t len;               /**< Bytes of it. */
    const char* text;         /**< The value as texts have it; else empty. Never NULL. */
    const char* keyName;      /**< The name of the key. Never NULL. */
    uint32_t key;             /**< The key. */
    uint32_t participant;     /**< Who changes: the place in OpenNvSciReport.participants. */
    OpenNvSciChangeKind kind; /**< What. */
    uint32_t reserved32;      /**< 0. */
    uint64_t reserved[2];     /**< 0. */
} OpenNvSciChange;

/** What is known of a suggestion. */
typedef enum {
    OpenNvSciTrial_NotTried = 0,   /**< Nothing. */
    OpenNvSciTrial_NeedsValue = 1, /**< A person has to choose, so there are no changes, and nothing was tried. */
    OpenNvSciTrial_Verified = 2,   /**< The lists were reconciled again with the changes, and it held. */
    OpenNvSciTrial_NotEnough = 3   /**< They were, and something else is in the way. */
} OpenNvSciTrial;

/** What would avoid that a key is refused or denied. All texts are never NULL. */
typedef struct {
    const char* text; /**< In words: "leave the key out of encoder". */
    const char* then; /**< Verified: the value of the key then, or empty; not enough: what is in the way. */
    const OpenNvSciChange* changes; /**< What to change, all of it. */
    uint32_t changeCount;           /**< Their number. */
    OpenNvSciTrial trial;           /**< What is known of it. */
    uint64_t reserved[4];           /**< 0. */
} OpenNvSciSuggestion;

/** One line of the report of a reconciliation. All texts are never NULL and belong to the list. */
typedef struct {
    uint32_t key;               /**< An NvSciBufAttrKey or NvSciSyncAttrKey; a greater number is a decision of the
                                     library that no key shows, such as the memory the buffer lives in. */
    OpenNvSciOutcome outcome;   /**< What became of it. */
    const char* keyName;        /**< The name of the key. */
    const char* requested;      /**< Who asked for what: "list 1: 4096, camera: 8192"; "nobody asked". */
    const char* granted;        /**< The value in the reconciled list; "unset" after a refusal, or if it has none. */
    const char* rule;           /**< The merge rule; empty for keys that are not merged. */
    const char* reason;         /**< Why the outcome is not simply what was asked; empty if it is. */
    const char* suggestion;     /**< The best change that would avoid the outcome; may be empty. */
    OpenNvSciReason reasonCode; /**< The reason, for programs. */
    uint32_t askCount;          /**< How many participants ask for it. */
    const OpenNvSciAsk* asks;   /**< Who asks for what, in the order of the participants. */
    const OpenNvSciSuggestion* suggestions; /**< The suggestions as data, the best first; NULL if there is none. */
    uint32_t followsFrom;                   /**< The key whose decision is the cause; 0 if none is. */
    uint32_t suggestionCount;               /**< How many there are: each is a way out for itself. */
    uint64_t reserved[4];                   /**< 0. */
} OpenNvSciDecision;

/** A memory in which the buffer could be. All texts are never NULL. */
typedef struct {
    const char* memory;   /**< "system memory", "video memory" or "system memory of the driver". */
    const char* reason;   /**< Why it does not fit; empty if it does. */
    NvSciRmGpuId gpuId;   /**< The GPU whose memory it is; 0 if it is not one GPU's. */
    bool fits;            /**< It does. */
    bool isChosen;        /**< The buffer will be there. */
    uint64_t reserved[4]; /**< 0. */
} OpenNvSciPlace;

/** How a negotiation ended. */
typedef enum {
    OpenNvSciVerdict_Granted = 0,  /**< It reconciles, and nothing that was asked for is missing. */
    OpenNvSciVerdict_Weakened = 1, /**< It reconciles, without what was denied. */
    OpenNvSciVerdict_Refused = 2   /**< It does not reconcile. */
} OpenNvSciVerdict;

/**
 * How a negotiation came to its end: who took part, what became of every key, and what would avoid what was not
 * granted. All texts are never NULL. They, and what is pointed at, belong to the report.
 */
typedef struct {
    const OpenNvSciParticipant* participants; /**< In the order of the call. */
    size_t participantCount;                  /**< Their number. */
    const OpenNvSciDecision* decisions;       /**< In the order of the keys; those that were not decided come last. */
    size_t decisionCount;                     /**< Their number. */
    const OpenNvSciDecision* deciding;        /**< The refusal, else the first denial; NULL if there is none. */
    const OpenNvSciPlace* places; /**< Where a buffer could be; none for NvSciSync, or if it was not asked. */
    size_t placeCount;            /**< Their number. */
    OpenNvSciVerdict verdict;     /**< How it ended. */
    uint32_t reserved32;          /**< 0. */
    const char* summary;          /**< One line, whose counts add up. */
    const char* conclusion;       /**< One sentence. */
    const char* text;             /**< What did not come out as asked, for people: several lines. */
    const char* fullText;         /**< The same of every key and everybody. */
    const char* json;             /**< All of it as JSON on one line, with format_version 1 (docs/explain.md). */
    uint64_t reserved[8];         /**< 0. */
} OpenNvSciReport;

/**
 * The report of the reconciliation that made a list. The first call for a list tries its suggestions: that takes a
 * reconciliation for each, with all that reconciling may do: load the driver, and make the primary context of a GPU.
 *
 * @param attrList A reconciled list (also one from NvSciBufObjGetAttrList, or from another process), or a conflict
 *                 list.
 * @param report   Receives a pointer to the report. It belongs to the list and is valid as long as it.
 * @retval NvSciError_Success            *report is set.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, or a list that no reconciliation made.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListGetReport(NvSciBufAttrList attrList, const OpenNvSciReport** report);

/**
 * opennvsciBufAttrListGetReport() for a list of NvSciSync.
 *
 * @param attrList A reconciled list (also one from NvSciSyncObjGetAttrList), or a conflict list.
 * @param report   As for opennvsciBufAttrListGetReport().
 * @retval NvSciError_Success            *report is set.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrListGetReport().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrListGetReport(NvSciSyncAttrList attrList, const OpenNvSciReport** report);

/** A call that failed. All texts are never NULL. */
typedef struct {
    const char* text;              /**< As opennvsciGetLastErrorText() has it. */
    const char* prerequisite;      /**< What was not as it must be, such as "permission"; empty if that is not known. */
    const char* found;             /**< What it was. */
    const char* needed;            /**< What it must be. */
    const OpenNvSciReport* report; /**< Of a refused reconciliation, without a conflict list too; else NULL. */
    NvSciError code;               /**< What the call gave, or would give if it gave an NvSciError. */
    int32_t cudaResult;            /**< What it gave, or would give, as a CUresult. */
    uint64_t reserved[4];          /**< 0. */
} OpenNvSciRefusal;

/**
 * The last failure of a function on the calling thread, of those whose text opennvsciGetLastErrorText() gives, as data.
 * Whatever it returns, it leaves that failure as it is, and prints nothing.
 *
 * @param refusal Receives a pointer to it. It is valid until the next failing call on this thread, or its end.
 * @retval NvSciError_Success            *refusal is set.
 * @retval NvSciError_BadParameter       refusal is NULL.
 * @retval NvSciError_NotInitialized     Nothing failed yet on this thread.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciGetLastRefusal(const OpenNvSciRefusal** refusal);

/**
 * opennvsciGetLastRefusal() as a copy of the caller's, with its report, for those who look at it while calls on this
 * thread may fail, as in a handler of signals, or in another thread.
 *
 * @param refusal Receives a pointer to the copy. It is valid until opennvsciFreeRefusal().
 * @return What opennvsciGetLastRefusal() returns.
 */
NvSciError opennvsciCopyLastRefusal(const OpenNvSciRefusal** refusal);

/**
 * Frees what opennvsciCopyLastRefusal() gave.
 *
 * @param refusal A copy, which nobody uses any more, or NULL.
 */
void opennvsciFreeRefusal(const OpenNvSciRefusal* refusal);

/**
 * The decisions of the reconciliation that made a list, in the order of the keys: a part of what
 * opennvsciBufAttrListGetReport() gives, without the keys that were not decided.
 *
 * @param attrList  A reconciled list (also one from NvSciBufObjGetAttrList), or a conflict list.
 * @param decisions Receives a pointer to the decisions. They belong to the list and are valid as long as it.
 * @param count     Receives their number.
 * @retval NvSciError_Success            *decisions and *count are set.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, or a list that no reconciliation made.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListGetDecisions(NvSciBufAttrList attrList, const OpenNvSciDecision** decisions,
                                            size_t* count);

/**
 * opennvsciBufAttrListGetDecisions() for a list of NvSciSync.
 *
 * @param attrList  A reconciled list (also one from NvSciSyncObjGetAttrList), or a conflict list.
 * @param decisions As for opennvsciBufAttrListGetDecisions().
 * @param count     Receives their number.
 * @retval NvSciError_Success            *decisions and *count are set.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrListGetDecisions().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrListGetDecisions(NvSciSyncAttrList attrList, const OpenNvSciDecision** decisions,
                                             size_t* count);

/**
 * The text of a value of a key, as error texts and reports have it: "4096", "ReadWrite", "{Y8, V8U8}". Enumerators have
 * no prefix, a number that is none is printed as it is, and a GPU is named as NVIDIA's tools name it:
 * "GPU-00112233-4455-6677-8899-aabbccddeeff".
 *
 * @param key   The number of an NvSciBufAttrKey.
 * @param value The value, at any address.
 * @param len   Bytes of it: one element of the key's type, or several for a key that is an array, at most as many as it
 *              takes.
 * @param text  Receives the text and a 0.
 * @param size  Bytes at text.
 * @retval NvSciError_Success            The text is written.
 * @retval NvSciError_BadParameter       A NULL argument, an unknown key, or a length that a value of it cannot have.
 * @retval NvSciError_Overflow           The text and its 0 do not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrValueGetText(uint32_t key, const void* value, size_t len, char* text, size_t size);

/**
 * opennvsciBufAttrValueGetText() for a key of NvSciSync.
 *
 * @param key   The number of an NvSciSyncAttrKey.
 * @param value As for opennvsciBufAttrValueGetText().
 * @param len   As for opennvsciBufAttrValueGetText().
 * @param text  Receives the text and a 0.
 * @param size  Bytes at text.
 * @retval NvSciError_Success            The text is written.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrValueGetText().
 * @retval NvSciError_Overflow           The text and its 0 do not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrValueGetText(uint32_t key, const void* value, size_t len, char* text, size_t size);

/**
 * The value that a text says, as opennvsciBufAttrValueGetText() gives it: "4096", "ReadWrite", "true",
 * "GPU-00112233-4455-6677-8899-aabbccddeeff: true", "SoC 1 VM 2". The values of a key that is an array are separated by
 * commas, with or without braces around them: "{Y8, V8U8}" or "Y8, V8U8". Spaces around values do not count.
 *
 * The value need not be legal: whether it is, the function that it is given to says. A number that prints like the name
 * of an enumerator ("8" of NvSciBufSurfBPC) is read as that one, and what no text shows is 0.
 *
 * @param key   The number of an NvSciBufAttrKey.
 * @param text  A text that ends with a 0.
 * @param value Receives the value: whole elements of the key's type.
 * @param size  Bytes at value; OpenNvSciKey::elementSize * OpenNvSciKey::maxCount are always enough.
 * @param len   Receives how many of them the value has.
 * @retval NvSciError_Success            *value and *len are set.
 * @retval NvSciError_BadParameter       A NULL argument, an unknown key, or a text that is no value of it:
 *                                       opennvsciGetLastErrorText() says what it takes, and which name is nearest.
 * @retval NvSciError_Overflow           The value does not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrValueFromText(uint32_t key, const char* text, void* value, size_t size, size_t* len);

/**
 * opennvsciBufAttrValueFromText() for a key of NvSciSync.
 *
 * @param key   The number of an NvSciSyncAttrKey.
 * @param text  A text that ends with a 0.
 * @param value As for opennvsciBufAttrValueFromText().
 * @param size  Bytes at value.
 * @param len   Receives how many of them the value has.
 * @retval NvSciError_Success            *value and *len are set.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrValueFromText().
 * @retval NvSciError_Overflow           The value does not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrValueFromText(uint32_t key, const char* text, void* value, size_t size, size_t* len);

/** Who gives a key its value. */
typedef enum {
    OpenNvSciDirection_In = 0,   /**< Programs set it; it cannot be read from a reconciled list. */
    OpenNvSciDirection_Out = 1,  /**< It is read from a reconciled list, and nobody sets it. */
    OpenNvSciDirection_InOut = 2 /**< Programs set it, and its result is read from the reconciled list. */
} OpenNvSciDirection;

/** Whether a key must be set. */
typedef enum {
    OpenNvSciPresence_Mandatory = 0,   /**< By one of the lists at least; of NvSciSync by every one. If it describes a
                                            type of buffer, for that type. */
    OpenNvSciPresence_Optional = 1,    /**< It may be missing everywhere. */
    OpenNvSciPresence_Conditional = 2, /**< As the other keys say: the reference has the rules. */
    OpenNvSciPresence_Output = 3       /**< Nobody sets it. */
} OpenNvSciPresence;

/** A value that has a name. */
typedef struct {
    const char* name;     /**< Without the prefix of its type: "ReadWrite". */
    uint64_t value;       /**< Its number. */
    bool isLegal;         /**< The key may have it: what can be asked of it, or if nobody asks for it, what can come. */
    uint64_t reserved[2]; /**< 0. */
} OpenNvSciEnumerator;

/** An attribute key, as the table has it that the library works with. All texts are never NULL. */
typedef struct {
    uint32_t number;                        /**< An NvSciBufAttrKey or NvSciSyncAttrKey. */
    uint32_t maxCount;                      /**< The greatest number of elements of a value; 1 if it is no array. */
    uint64_t elementSize;                   /**< Bytes of an element. */
    const char* name;                       /**< "NvSciBufGeneralAttrKey_Types". */
    const char* type;                       /**< The type of an element: "uint64_t". */
    const char* form;                       /**< What the text of an element is: "a number up to 255". */
    OpenNvSciDirection direction;           /**< Who gives it its value. */
    OpenNvSciPresence presence;             /**< Whether it must be set. */
    const char* legal;                      /**< Which values are legal: "a power of two". */
    const char* rule;                       /**< The merge rule, as OpenNvSciDecision has it; empty if it has none. */
    const char* ruleText;                   /**< What the merge rule says; empty if it has none. */
    const char* check;                      /**< The check rule, by which a result satisfies a list; may be empty. */
    const char* checkText;                  /**< What the check rule says; may be empty. */
    const OpenNvSciEnumerator* enumerators; /**< Every value of the type that has a name, in the order of the values. */
    size_t enumeratorCount;                 /**< Their number; 0 for a type without names. */
    uint64_t reserved[4];                   /**< 0. */
} OpenNvSciKey;

/**
 * All attribute keys of NvSciBuf.
 *
 * @param keys  Receives a pointer to the keys in the order of their numbers, the same until the process ends.
 * @param count Receives their number.
 * @retval NvSciError_Success            *keys and *count are set.
 * @retval NvSciError_BadParameter       A NULL argument.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufGetKeys(const OpenNvSciKey** keys, size_t* count);

/**
 * All attribute keys of NvSciSync.
 *
 * @param keys  As for opennvsciBufGetKeys().
 * @param count Receives their number.
 * @retval NvSciError_Success            *keys and *count are set.
 * @retval NvSciError_BadParameter       A NULL argument.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncGetKeys(const OpenNvSciKey** keys, size_t* count);

/**
 * The attribute key of NvSciBuf with a name.
 *
 * @param name The name of an NvSciBufAttrKey: "NvSciBufGeneralAttrKey_Types".
 * @param key  Receives a pointer to the key, one of those of opennvsciBufGetKeys().
 * @retval NvSciError_Success            *key is set.
 * @retval NvSciError_BadParameter       A NULL argument, or no such key: opennvsciGetLastErrorText() says which name is
 *                                       nearest.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufGetKeyByName(const char* name, const OpenNvSciKey** key);

/**
 * The attribute key of NvSciSync with a name.
 *
 * @param name The name of an NvSciSyncAttrKey: "NvSciSyncAttrKey_RequiredPerm".
 * @param key  Receives a pointer to the key, one of those of opennvsciSyncGetKeys().
 * @retval NvSciError_Success            *key is set.
 * @retval NvSciError_BadParameter       As for opennvsciBufGetKeyByName().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncGetKeyByName(const char* name, const OpenNvSciKey** key);

/** The name of opennvsciBufAttrListSetName() until the functions of NvSciBuf said so; it goes with version 0.2. */
#define opennvsciAttrListSetName opennvsciBufAttrListSetName
/** The name of opennvsciBufAttrListGetDecisions() until then; it goes with version 0.2. */
#define opennvsciAttrListGetDecisions opennvsciBufAttrListGetDecisions

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_H */
