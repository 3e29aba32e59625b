// SPDX-License-Identifier: Apache-2.0
//
// Library: the functions that every NvSci library with attribute lists and objects has, once. A library describes
// itself by a struct D:
//   Module, List, Object    its handle types, and Pair, its key/value pair
//   ObjectEntry             what stands behind an Object: a BasicObjectEntry
//   kMajor, kMinor          the version of its interface
//   schema()                its table of keys
//   modules(), lists(), objects()          the tables that its handles live in
//   reconcile(lists)                       an attr::Reconciliation
//   validate(result, lists, mismatch)      whether a result satisfies what is asked in lists
//   attach_peers(object, lists)            lets processes take part in an object later
//   kMismatch, kTwiceAtImport              codes: a result does not satisfy lists; an import has a list twice
//   kSkipsEmptyArrays                      whether an import takes an array without elements for none
//   kListBlob, kJointBlob                  what its blobs, of lists and of lists with objects, are to free_blob()
//   kJointMismatch                         the code if the list of a joint blob does not satisfy lists
//   wire()                                 how its lists travel (attr/wire.h)
//   complete_for_export(slots)             checks what goes out unreconciled, and adds what it implies
//   view_for_peer(result, session), check_result(slot)
//                                          what a peer sees of a result, and what is believed of one
//   Permission, check_joint(permission)    what goes with an object, and whether it may with one in a joint blob
//   ObjectDescriptor, export_object, import_object
//                                          the exchange of objects (buf/object_exchange.h)
// and each of its C functions says which of these it is, and what its arguments are called.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>

#include "api/blobs.h"
#include "api/inspection.h"
#include "api/interposer.h"
#include "api/last_refusal.h"
#include "api/lists.h"
#include "api/report_view.h"
#include "api/trace_notes.h"
#include "api/transfers.h"
#include "attr/negotiation.h"
#include "attr/wire.h"
#include "base/log.h"

namespace opennvsci::api {

/// An argument of a public function, with its name for texts.
template <class T>
struct Argument {
    T value;
    const char* name;
};
#define OPENNVSCI_ARG(argument) (::opennvsci::api::Argument<decltype(argument)>{argument, #argument})

template <class D>
class Library {
  public:
    using Module = typename D::Module;
    using List = typename D::List;
    using Object = typename D::Object;
    using Pair = typename D::Pair;
    template <class T>
    using Out = Argument<T*>;  // where a result is stored

    /// Some unreconciled lists.
    struct Lists {
        const List* array;
        size_t count;
    };

    // Modules

    static NvSciError open_module(const char* function, Out<Module> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY(require(out));
            log::tell_unknown_level();
            tell_unknown_inspection();
            trace::tell_failure();
            explain::tell_capture_failure();
            report_interposer();
            offer_inspection();
            return give_handle(D::modules(), std::make_shared<OpenModule>(), out.value);
        });
    }

    static void close_module(const char* function, Module module) { free_handle(function, D::modules(), module); }

    static NvSciError check_version(const char* function, std::uint32_t major, std::uint32_t minor, Out<bool> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY(require(out));
            *out.value = major == D::kMajor && minor <= D::kMinor;
            return {};
        });
    }

    // Lists

    static NvSciError create_list(const char* function, Argument<Module> module, Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(owner, acquire(D::modules(), module));
            OPENNVSCI_TRY(require(out));
            return give_list(*owner, std::make_unique<attr::List>(D::schema()), out);
        });
    }

    static void free_list(const char* function, List list) noexcept {
        {
            const auto entry = D::lists().acquire(number(list));
            if (entry && (*entry)->is_borrowed) return;
        }
        free_handle(function, D::lists(), list);
    }

    static NvSciError clone_list(const char* function, Argument<List> list, Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(copy, (*entry)->list->clone());
            return give_list((*entry)->module, std::move(copy), out);
        });
    }

    static NvSciError append_lists(const char* function, Lists lists, Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(inputs, acquire_unreconciled(lists));
            OPENNVSCI_TRY_ASSIGN(all, attr::List::append(inputs.lists()));
            return give_list(inputs.module(), std::move(all), out);
        });
    }

    static NvSciError is_reconciled(const char* function, Argument<List> list, Out<bool> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            OPENNVSCI_TRY(require(out));
            *out.value = (*entry)->list->is_reconciled();
            return {};
        });
    }

    static size_t slot_count(const char* function, Argument<List> list) {
        size_t count = 0;
        if (list.value == nullptr) return count;
        void_call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            count = (*entry)->list->slot_count();
            return {};
        });
        return count;
    }

    static NvSciError set(const char* function, Argument<List> list, Argument<const Pair*> pairs, size_t count) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            return set_pairs(*(*entry)->list, pairs.value, count, pairs.name);
        });
    }

    static NvSciError get(const char* function, Argument<List> list, size_t slot, Argument<Pair*> pairs, size_t count) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            return get_pairs(*(*entry)->list, slot, pairs.value, count, pairs.name);
        });
    }

    /// The text of a list in memory that the caller frees with free().
    static NvSciError dump(const char* function, Argument<List> list, Out<void*> text, Out<size_t> size) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::lists(), list));
            OPENNVSCI_TRY(require(text));
            OPENNVSCI_TRY(require(size));
            const std::string all = (*entry)->list->text();
            void* copy = std::malloc(all.size() + 1);
            if (copy == nullptr) throw std::bad_alloc();
            std::memcpy(copy, all.c_str(), all.size() + 1);
            *text.value = copy;
            *size.value = all.size() + 1;
            return {};
        });
    }

    // Reconciling and validating

    static NvSciError reconcile(const char* function, Lists lists, Out<List> out, Out<List> conflict) {
        return reconcile_into(function, lists, out, conflict,
                              [](const auto& module, std::unique_ptr<attr::List> result, Out<List> made) {
                                  return give_list(module, std::move(result), made);
                              });
    }

    static NvSciError reconcile_and_allocate(const char* function, Lists lists, Out<Object> out, Out<List> conflict) {
        return reconcile_into(function, lists, out, conflict,
                              [](const auto& module, std::unique_ptr<attr::List> result, Out<Object> made) {
                                  return allocated(module, *result, made);
                              });
    }

    static NvSciError validate(const char* function, Argument<List> result, Lists lists, Out<bool> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(result));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(inputs, acquire_unreconciled(lists));
            OPENNVSCI_TRY(require_module("the reconciled list", (*entry)->module, inputs));
            Result<> satisfied = D::validate((*entry)->list->reconciled(), inputs.lists(), D::kMismatch);
            *out.value = satisfied.has_value();
            return satisfied;
        });
    }

    /// Whether a result satisfies pairs, with the same checks as if a program set them in a list of the same type.
    static NvSciError validate_pairs(const char* function, Argument<List> result, Argument<const Pair*> pairs,
                                     size_t count) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(result));
            const attr::Slot& slot = (*entry)->list->reconciled();
            attr::List wishes(D::schema(), slot.get(D::schema().selector()));
            OPENNVSCI_TRY(set_pairs(wishes, pairs.value, count, pairs.name));
            const attr::List* all = &wishes;
            return attr::check_satisfies(slot, std::span(&all, 1), NvSciError_AttrListValidationFailed);
        });
    }

    // Exchange of lists with the peer of an endpoint

    static NvSciError export_unreconciled(const char* function, Lists lists, Argument<NvSciIpcEndpoint> endpoint,
                                          Out<void*> blob, Out<size_t> size) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(inputs, acquire_unreconciled(lists));
            return export_blob(D::kListBlob, endpoint, blob, size, [&](ipc::Endpoint& at) -> Result<attr::wire::Blob> {
                std::vector<attr::Wishes> slots = inputs.slots();
                OPENNVSCI_TRY(D::complete_for_export(slots));
                return attr::wire::encode_unreconciled(D::wire(), at.instance(), slots);
            });
        });
    }

    static NvSciError export_reconciled(const char* function, Argument<List> list, Argument<NvSciIpcEndpoint> endpoint,
                                        Out<void*> blob, Out<size_t> size) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(list));
            return export_blob(D::kListBlob, endpoint, blob, size, [&](ipc::Endpoint& at) {
                return result_for_peer(*(*entry)->list, at, attr::wire::Kind::reconciled, {});
            });
        });
    }

    static NvSciError import_unreconciled(const char* function, Argument<Module> module,
                                          Argument<NvSciIpcEndpoint> endpoint, Argument<const void*> blob, size_t size,
                                          Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(owner, acquire(D::modules(), module));
            OPENNVSCI_TRY_ASSIGN(at, acquire(endpoints(), endpoint));
            OPENNVSCI_TRY(require(blob));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(arrived, receive(blob.value, size, **at));
            OPENNVSCI_TRY_ASSIGN(list, attr::wire::decode_unreconciled(arrived.blob, arrived.arrival));
            return give_list(*owner, std::move(list), out);
        });
    }

    /// Imports a reconciled list, which must satisfy `lists`, if there are any.
    static NvSciError import_reconciled(const char* function, Argument<Module> module,
                                        Argument<NvSciIpcEndpoint> endpoint, Argument<const void*> blob, size_t size,
                                        Lists lists, Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(owner, acquire(D::modules(), module));
            OPENNVSCI_TRY_ASSIGN(at, acquire(endpoints(), endpoint));
            OPENNVSCI_TRY(require(blob));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(imported,
                                 receive_result(*owner, **at, blob.value, size, lists, attr::wire::Kind::reconciled,
                                                NvSciError_AttrListValidationFailed));
            return give_list(*owner, std::move(imported.list), out);
        });
    }

    static void free_list_blob(const char* function, void* blob) noexcept { free_blob(function, D::kListBlob, blob); }

    // Objects

    static NvSciError allocate(const char* function, Argument<List> list, Out<Object> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(list));
            OPENNVSCI_TRY(require(out));
            return allocated((*entry)->module, *(*entry)->list, out);
        });
    }

    static void free_object(const char* function, Object object) { free_handle(function, D::objects(), object); }

    static NvSciError dup_object(const char* function, Argument<Object> object, Out<Object> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::objects(), object));
            OPENNVSCI_TRY(require(out));
            return give_object(entry->object(), out);
        });
    }

    /// The list of an object, which goes with the object's handle.
    static NvSciError list_of_object(const char* function, Argument<Object> object, Out<List> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::objects(), object));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY_ASSIGN(handle, entry->list_handle());
            *out.value = reinterpret_cast<List>(handle);
            return {};
        });
    }

    /// Lets peers take part in an object that it satisfies.
    static NvSciError attach_peer(const char* function, Argument<Object> object, Lists lists) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::objects(), object));
            OPENNVSCI_TRY_ASSIGN(inputs, acquire_unreconciled(lists));
            OPENNVSCI_TRY(require_module("the object", entry->object()->module(), inputs));
            trace::when_on([&] {
                trace::note_address("handle", number(object.value));
                note_object(*entry->object());
            });
            return D::attach_peers(*entry->object(), inputs.lists());
        });
    }

    // Exchange of objects together with their lists

    static NvSciError export_list_and_object(const char* function, Argument<Object> object,
                                             Argument<typename D::Permission> permission,
                                             Argument<NvSciIpcEndpoint> endpoint, Out<void*> blob, Out<size_t> size) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(entry, acquire(D::objects(), object));
            return export_blob(D::kJointBlob, endpoint, blob, size, [&](ipc::Endpoint& at) -> Result<attr::wire::Blob> {
                OPENNVSCI_TRY(D::check_joint(permission));
                trace::when_on([&] {
                    trace::note_address("handle", number(object.value));
                    note_object(*entry->object());
                });
                // Should the list be refused after the object went ahead, the object lies at the peer until the link
                // ends.
                OPENNVSCI_TRY_ASSIGN(descriptor, D::export_object(*entry->object(), permission.value, at));
                Transfers::note(entry->object(), Transfer::Way::to_peer, at);
                return result_for_peer(*entry->object()->list(), at, attr::wire::Kind::reconciled_with_object,
                                       std::as_bytes(std::span(&descriptor, 1)));
            });
        });
    }

    /// Imports an object with its list, which must satisfy `lists`, if there are any.
    static NvSciError import_list_and_object(const char* function, Argument<Module> module,
                                             Argument<NvSciIpcEndpoint> endpoint, Argument<const void*> blob,
                                             size_t size, Lists lists, Argument<typename D::Permission> permission,
                                             Out<Object> out) {
        return call(function, [&]() -> Result<> {
            OPENNVSCI_TRY_ASSIGN(owner, acquire(D::modules(), module));
            OPENNVSCI_TRY_ASSIGN(at, acquire(endpoints(), endpoint));
            OPENNVSCI_TRY(require(blob));
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY(D::check_joint(permission));
            OPENNVSCI_TRY_ASSIGN(imported, receive_result(*owner, **at, blob.value, size, lists,
                                                          attr::wire::Kind::reconciled_with_object, D::kJointMismatch));
            typename D::ObjectDescriptor descriptor{};
            if (imported.attachment.size() != sizeof(descriptor)) {
                return fail(NvSciError_BadParameter,
                            std::string(blob.name) + " holds no export descriptor of an object");
            }
            std::memcpy(&descriptor, imported.attachment.data(), sizeof(descriptor));
            OPENNVSCI_TRY_ASSIGN(object, D::import_object(*owner, *imported.list, descriptor, permission.value, **at));
            Transfers::note(object, Transfer::Way::from_peer, **at);
            return give_object(std::move(object), out);
        });
    }

    static void free_joint_blob(const char* function, void* blob) noexcept { free_blob(function, D::kJointBlob, blob); }

    /// For functions that only one library has: gives an object a handle.
    template <class Shared>
    [[nodiscard]] static Result<> give_object(Shared object, Out<Object> out) {
        trace::when_on([&] { note_object(*object); });
        return give_handle(D::objects(), typename D::ObjectEntry(std::move(object)), out.value);
    }

  private:
    template <class Table, class Handle>
    [[nodiscard]] static Result<typename Table::Ref> acquire(Table& table, Argument<Handle> handle) {
        return api::acquire(table, handle.value, handle.name);
    }

    // Refuses NULL: a result that has nowhere to go, or bytes that are not there.
    template <class T>
    [[nodiscard]] static Result<> require(Argument<T*> out) {
        if (out.value == nullptr) return null_argument(out.name);
        return {};
    }

    static Result<> give_list(std::shared_ptr<attr::Module> module, std::unique_ptr<attr::List> list, Out<List> out) {
        return give_list_handle(D::lists(), std::move(module), std::move(list), out.value);
    }

    static Result<UnreconciledLists> acquire_unreconciled(Lists lists) {
        return UnreconciledLists::acquire(D::lists(), lists.array, lists.count);
    }

    static Result<ListRef> acquire_reconciled(Argument<List> list) {
        return api::acquire_reconciled(D::lists(), list.value, list.name);
    }

    static Result<> require_module(std::string_view what, const std::shared_ptr<attr::Module>& module,
                                   const UnreconciledLists& lists) {
        if (lists.module() == module) return {};
        return fail_unmet(NvSciError_BadParameter, {std::string(what), "another one", "the lists' own"},
                          "the module of {what} is {found}, and must be {needed}");
    }

    // Reconciles, and lets `use` store what comes of the result; or stores the conflict list, if there is one. What is
    // not made is stored as null, at the end: an output may be an element of the array of lists.
    template <class T, class Use>
    static NvSciError reconcile_into(const char* function, Lists lists, Out<T> out, Out<List> conflict, Use&& use) {
        T made = nullptr;
        List conflict_made = nullptr;
        std::shared_ptr<const attr::Report> refused;
        Error refusal{};
        const NvSciError code = call(function, [&]() -> Result<> {
            OPENNVSCI_TRY(require(out));
            OPENNVSCI_TRY(require(conflict));
            OPENNVSCI_TRY_ASSIGN(inputs, acquire_unreconciled(lists));
            attr::Reconciliation result = D::reconcile(inputs.lists());
            if (!result.list) {
                result.list =
                    tl::make_unexpected(with_advice(std::move(result.list).error(), D::schema(), *result.report));
            }
            if (explain::is_captured()) capture(function, D::schema(), result);
            trace::when_on([&] { note_negotiation(D::schema(), inputs.lists(), result); });
            if (result.conflict != nullptr) {
                OPENNVSCI_TRY(give_list(inputs.module(), std::move(result.conflict), {&conflict_made, conflict.name}));
            }
            if (!result.list) {
                refused = std::move(result.report);
                refusal = std::move(result.list).error();
                return tl::make_unexpected(refusal);
            }
            OPENNVSCI_TRY(use(inputs.module(), *std::move(result.list), Out<T>{&made, out.name}));
            tell_denied(function, D::schema(), *result.report);
            return {};
        });
        if (refused != nullptr) keep_report(D::schema(), std::move(refused), std::move(refusal));
        if (out.value != nullptr) *out.value = made;
        if (conflict.value != nullptr) *conflict.value = conflict_made;
        return code;
    }

    // Gives the program what `make(endpoint)` makes.
    template <class Make>
    static Result<> export_blob(BlobKind kind, Argument<NvSciIpcEndpoint> endpoint, Out<void*> blob, Out<size_t> size,
                                Make&& make) {
        OPENNVSCI_TRY_ASSIGN(at, acquire(endpoints(), endpoint));
        OPENNVSCI_TRY(require(blob));
        OPENNVSCI_TRY(require(size));
        OPENNVSCI_TRY_ASSIGN(bytes, make(**at));
        trace::when_on([&] { note_blob(**at, bytes.size()); });
        return give_blob(kind, bytes, blob.value, size.value);
    }

    // A reconciled list as the peer is to see it.
    static Result<attr::wire::Blob> result_for_peer(const attr::List& list, ipc::Endpoint& endpoint,
                                                    attr::wire::Kind kind, attr::Bytes attachment) {
        OPENNVSCI_TRY_ASSIGN(link, endpoint.link());
        OPENNVSCI_TRY_ASSIGN(view, D::view_for_peer(list, link->session()));
        return attr::wire::encode_reconciled(D::wire(), kind, endpoint.instance(), link->session(), view.result,
                                             &view.report, attachment);
    }

    // A blob that the peer exported, read once, and the way that it came.
    struct Arrived {
        attr::wire::Received blob;
        attr::wire::Arrival arrival;
    };
    static Result<Arrived> receive(const void* bytes, size_t size, ipc::Endpoint& endpoint) {
        trace::when_on([&] { note_blob(endpoint, size); });
        OPENNVSCI_TRY_ASSIGN(blob, attr::wire::Received::copy(D::wire(), bytes, size));
        OPENNVSCI_TRY_ASSIGN(link, endpoint.link_from(blob.instance()));
        return Arrived{std::move(blob), {link->session(), link->peer_name()}};
    }

    // The result in a blob, which must be one, and satisfy `lists`, if there are any. Errors: `mismatch` if it does
    // not.
    static Result<attr::wire::Imported> receive_result(const std::shared_ptr<attr::Module>& module,
                                                       ipc::Endpoint& endpoint, const void* bytes, size_t size,
                                                       Lists lists, attr::wire::Kind kind, NvSciError mismatch) {
        OPENNVSCI_TRY_ASSIGN(expected, acquire_expectations(module, lists));
        OPENNVSCI_TRY_ASSIGN(arrived, receive(bytes, size, endpoint));
        OPENNVSCI_TRY_ASSIGN(imported, attr::wire::decode_reconciled(arrived.blob, arrived.arrival, kind));
        const attr::Slot& result = imported.list->reconciled();
        OPENNVSCI_TRY(D::check_result(result));
        if (expected) OPENNVSCI_TRY(attr::require_yes(D::validate(result, expected->lists(), mismatch)));
        return std::move(imported);
    }

    // The lists of the importing program that what it imports must satisfy, which are of its module; none if there is
    // no array. Errors: BadParameter; the library's code if a list is there twice.
    [[nodiscard]] static Result<std::optional<UnreconciledLists>> acquire_expectations(
        const std::shared_ptr<attr::Module>& module, Lists lists) {
        const bool is_empty = D::kSkipsEmptyArrays ? lists.count == 0 : lists.array == nullptr && lists.count == 0;
        if (is_empty) return std::nullopt;
        OPENNVSCI_TRY_ASSIGN(inputs,
                             UnreconciledLists::acquire(D::lists(), lists.array, lists.count, D::kTwiceAtImport));
        OPENNVSCI_TRY(require_module("the call", module, inputs));
        return std::move(inputs);
    }

    static Result<> allocated(const std::shared_ptr<attr::Module>& module, const attr::List& list, Out<Object> out) {
        OPENNVSCI_TRY_ASSIGN(object, D::ObjectEntry::Object::allocate(module, list));
        return give_object(std::move(object), out);
    }
};

}  // namespace opennvsci::api
