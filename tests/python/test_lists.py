# SPDX-License-Identifier: Apache-2.0
"""Lists, keys and values: everything goes in and comes out as it should, and nothing else goes in."""

import copy
import ctypes
import enum
import pickle
import unittest
import uuid
from typing import Any

import opennvsci
from opennvsci import AttributeList, NvSciError, ReconcileError, SyncList, enums, reconcile
from support import PLANES, RAW, LeakTest, allocate


class KeyTest(LeakTest):
    def test_short_names_are_unique_and_lead_to_the_full_ones(self) -> None:
        for table in (opennvsci.buf_keys, opennvsci.sync_keys):
            names = [key.short_name for key in table]
            self.assertEqual(len(set(names)), len(table))
            for key in table:
                self.assertIs(table[key.short_name], key)
                self.assertIs(table[key.name], key)
                self.assertIn(key.short_name, table)

    def test_an_unknown_name_says_which_is_nearest(self) -> None:
        with self.assertRaisesRegex(KeyError, "NvSciBufGeneralAttrKey_NeedCpuAccess"):
            AttributeList({"NeedCpuAcces": True})
        with self.assertRaises(TypeError):
            opennvsci.buf_keys[3]  # type: ignore[index]
        self.assertNotIn(3, opennvsci.buf_keys)

    def test_every_enumerator_goes_through_every_key_that_has_it(self) -> None:
        for table in (opennvsci.buf_keys, opennvsci.sync_keys):
            for key in table:
                for member in key.enum or ():
                    for value in (member, member.name, int(member)):
                        self.assertEqual(key.encode(value), int(member).to_bytes(key.element_size, "little"))
                    decoded = key.decode(key.encode(member))
                    self.assertIs(decoded[0] if key.max_count > 1 else decoded, member)

    def test_values_that_look_like_others_are_refused(self) -> None:
        gpu = opennvsci.devices()[0].gpu_id
        wrong: list[tuple[str, Any, type[Exception]]] = [
            ("Types", {"RawBuffer", "Image"}, TypeError),
            ("Image.PlaneWidth", ["640, 320"], ValueError),
            ("EnableGpuCache", (gpu, 1), TypeError),
            ("Pyramid.Scale", b"0.5", TypeError),
            ("Pyramid.Scale", None, TypeError),
            ("Pyramid.Scale", [0.5], TypeError),
            ("Pyramid.Scale", 10**400, ValueError),
            ("RawBuffer.Size", enums.NvSciBufType.Image, TypeError),
        ]
        for name, value, error in wrong:
            key = opennvsci.buf_keys[name]
            with self.assertRaisesRegex(error, key.name):
                key.encode(value)

        class Sizes(enum.IntEnum):
            PAGE = 4096

        self.assertEqual(opennvsci.buf_keys["RawBuffer.Size"].encode(Sizes.PAGE), (4096).to_bytes(8, "little"))

    def test_a_gpu_and_something_by_all_names_of_the_gpu(self) -> None:
        key, gpu = opennvsci.buf_keys["EnableGpuCache"], opennvsci.devices()[0].gpu_id
        expected = key.encode([(gpu, True)])
        for name in (gpu, opennvsci.devices()[0], str(gpu), bytes(gpu), bytearray(gpu), uuid.UUID(bytes=bytes(gpu))):
            self.assertEqual(key.encode((name, True)), expected)
            self.assertEqual(key.encode([(name, "true")]), expected)
        self.assertEqual(opennvsci.buf_keys["GpuId"].encode(bytearray(gpu)), bytes(gpu))

    def test_enumerations_are_one_class_each_and_can_be_pickled(self) -> None:
        self.assertIs(opennvsci.buf_keys["RequiredPerm"].enum, opennvsci.buf_keys["ActualPerm"].enum)
        member = enums.NvSciBufAttrValColorFmt.Y8
        self.assertIs(pickle.loads(pickle.dumps(member)), member)
        self.assertIn("NvSciBufSurfBPC", dir(enums))
        with self.assertRaises(AttributeError):
            enums.NvSciNothing

    def test_wrong_types_are_refused_before_the_library_sees_them(self) -> None:
        for name, value in (
            ("RawBuffer.Size", True),
            ("RawBuffer.Size", 1.5),
            ("RawBuffer.Size", b"4096"),
            ("RawBuffer.Size", None),
            ("RawBuffer.Size", [1]),
            ("NeedCpuAccess", 1),
            ("NeedCpuAccess", b"\1"),
            ("Types", True),
            ("Types", [True]),
            ("Types", enums.NvSciBufSurfType.YUV),
            ("Image.PlaneWidth", [1.0]),
            ("GpuId", [3]),
            ("EnableGpuCache", [True]),
            ("Pyramid.Scale", True),
        ):
            with self.subTest(name=name, value=value), self.assertRaises(TypeError):
                opennvsci.buf_keys[name].encode(value)
        with self.assertRaises(ValueError):
            opennvsci.buf_keys["GpuId"].encode(b"short")

    def test_numbers_that_do_not_fit_are_refused(self) -> None:
        for name, value in (("RawBuffer.Size", -1), ("RawBuffer.Size", 1 << 64), ("Image.PlaneCount", 1 << 32)):
            with self.subTest(name=name, value=value), self.assertRaises(NvSciError):
                opennvsci.buf_keys[name].encode(value)
        for name in ("RawBuffer.Size", "Types"):
            with self.assertRaisesRegex((ValueError, NvSciError), opennvsci.buf_keys[name].name):
                opennvsci.buf_keys[name].encode(10**5000)
        self.assertEqual(opennvsci.buf_keys["RawBuffer.Size"].encode((1 << 64) - 1), b"\xff" * 8)
        with self.assertRaises(ValueError):
            opennvsci.buf_keys["Types"].encode("Raw\0Buffer")

    def test_a_number_that_prints_like_another_enumerator_is_the_number(self) -> None:
        key = opennvsci.buf_keys["Image.SurfBPC"]
        self.assertEqual(key.decode(key.encode(2)).name, "8")
        self.assertEqual(key.decode(key.encode("8")).value, 2)
        for value in (8, -1, 1 << 70):
            with self.assertRaises(ValueError):
                key.encode(value)

    def test_gpus_by_all_their_names(self) -> None:
        device = opennvsci.devices()[0]
        key = opennvsci.buf_keys["GpuId"]
        expected = key.encode(device)
        text = str(device.gpu_id)
        for value in (device.gpu_id, bytes(device.gpu_id), text, [text], uuid.UUID(text[4:]), (device,)):
            self.assertEqual(key.encode(value), expected)
        self.assertEqual(key.decode(expected), (device.gpu_id,))
        cache = opennvsci.buf_keys["EnableGpuCache"]
        for value in ({device: True}, [(device, True)], (device, "true"), f"{text}: true"):
            self.assertEqual(cache.decode(cache.encode(value)), ((device.gpu_id, "true"),))
        for name, text in (("PeerLocationInfo", "SoC 1 VM 2"), ("PeerHwEngineArray", "engine 107 platform 1")):
            key = opennvsci.buf_keys[name]
            self.assertEqual(key.decode(key.encode([text, text])), (text, text))

    def test_floats(self) -> None:
        key = opennvsci.buf_keys["Pyramid.Scale"]
        self.assertEqual(key.decode(key.encode(0.5)), 0.5)
        self.assertEqual(key.decode(key.encode(1)), 1.0)


class ListTest(LeakTest):
    def test_reads_as_a_dictionary(self) -> None:
        camera = AttributeList(RAW, name="camera")
        self.assertEqual(camera["RawBuffer.Size"], 4096)
        self.assertEqual(len(camera), 4)
        self.assertIn("Types", camera)
        self.assertNotIn("RawBuffer.Align", camera)
        self.assertNotIn("ActualPerm", camera)
        self.assertIsNone(camera.get("RawBuffer.Align"))
        for name in ("RawBuffer.Align", "ActualPerm"):
            with self.assertRaises(KeyError):
                camera[name]
        again = AttributeList(dict(camera))
        self.assertEqual(dict(again), dict(camera))
        self.assertNotEqual(again, camera)
        self.assertIn("4096", repr(camera))

    def test_what_is_refused_sets_nothing(self) -> None:
        camera = AttributeList({"Types": "RawBuffer"})
        for bad in ({"RawBuffer.Size": 0}, {"RawBuffer.Align": 3}, {"ActualPerm": "Readonly"}, {"Types": "Image"}):
            with self.assertRaises(NvSciError):
                camera.set({"NeedCpuAccess": True, **bad})
        self.assertEqual(len(camera), 1)
        with self.assertRaises(NvSciError):
            camera.set({})

    def test_names_are_refused_as_the_library_says(self) -> None:
        for name in ("x" * 64, "\udc80"):
            with self.assertRaises((NvSciError, UnicodeEncodeError)):
                AttributeList(name=name)
        with self.assertRaises(ValueError):
            AttributeList(name="camera\0display")

    def test_what_stands_for_one_thing_is_not_copied(self) -> None:
        timeline = reconcile(SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"})).allocate()
        with opennvsci.Endpoint("itc_test_0") as endpoint:
            for thing in (AttributeList(RAW), allocate(RAW), timeline, timeline.generate_fence(), endpoint):
                for use in (copy.copy, copy.deepcopy, pickle.dumps):
                    with self.assertRaises(TypeError):
                        use(thing)

    def test_clones_and_appended_lists(self) -> None:
        camera, display = AttributeList(RAW, name="camera"), AttributeList({"Types": "RawBuffer"}, name="display")
        clone = camera.clone()
        clone["RawBuffer.Size"] = 8192
        self.assertEqual((camera["RawBuffer.Size"], clone["RawBuffer.Size"]), (4096, 8192))
        both = AttributeList.appended([camera, display])
        self.assertEqual(both.slot_count, 2)
        self.assertEqual(both.slot(1), dict(display))
        for index in (-1, 2):
            with self.assertRaises(IndexError):
                both.slot(index)
        self.assertEqual(reconcile(both).report.participants[1].name, "display")

    def test_a_closed_list_says_so(self) -> None:
        with AttributeList(RAW) as camera:
            pass
        camera.close()
        self.assertIn("closed", repr(camera))
        for use in (lambda: camera["Types"], lambda: len(camera), camera.clone, lambda: reconcile(camera)):
            with self.assertRaises(ValueError):
                use()

    def test_only_lists_of_one_kind_and_module_are_reconciled(self) -> None:
        with self.assertRaises(ValueError):
            reconcile()
        with self.assertRaises(TypeError):
            reconcile(AttributeList(RAW), SyncList({"RequiredPerm": "WaitOnly"}))  # type: ignore[call-overload]
        with self.assertRaises(TypeError):
            reconcile(reconcile(AttributeList(RAW)))  # type: ignore[call-overload]
        with self.assertRaises(NvSciError), opennvsci.Module() as other:
            reconcile(AttributeList(RAW), AttributeList(RAW, module=other))

    def test_a_closed_module_makes_nothing_and_takes_nothing_away(self) -> None:
        module = opennvsci.Module()
        camera = AttributeList(RAW, module=module)
        module.close()
        module.close()
        self.assertEqual(reconcile(camera).allocate().size, 4096)
        with self.assertRaises(ValueError):
            AttributeList(RAW, module=module)

    def test_fences_of_a_closed_module_are_waited_for(self) -> None:
        module = opennvsci.Module()
        wishes = {"NeedCpuAccess": True, "RequiredPerm": "WaitSignal"}
        timeline = reconcile(SyncList(wishes, module=module)).allocate()
        fence = timeline.generate_fence()
        module.close()
        timeline.signal()
        fence.wait(timeout=1)

    def test_objects_of_other_classes_are_a_type_error(self) -> None:
        buffer, camera = allocate(RAW), AttributeList(RAW)
        wrong: list[Any] = [
            lambda: AttributeList([("Types", "RawBuffer")]),
            lambda: AttributeList(module=5),
            lambda: AttributeList.appended([buffer]),
            lambda: AttributeList.appended([SyncList()]),
            lambda: AttributeList.import_(None, b"bytes"),
            lambda: opennvsci.ReconciledList.import_(None, b"bytes"),
            lambda: opennvsci.Buffer.import_(None, b"bytes"),
            lambda: opennvsci.SyncObject.import_(camera, b"bytes"),
            lambda: buffer.export(None),
            lambda: buffer.attach_peer(buffer),
            lambda: camera.slot(0.5),
            lambda: buffer.flush(0.5),
            lambda: buffer.cuda(1.0),
            lambda: buffer.cuda("0"),
            lambda: SyncList.for_device("0", wait=True),
            lambda: reconcile(camera).validate(SyncList()),
        ]
        for number, use in enumerate(wrong):
            with self.assertRaises(TypeError, msg=number) as caught:
                use()
            self.assertNotIsInstance(caught.exception, ctypes.ArgumentError, number)

    def test_numbers_that_do_not_fit_are_refused(self) -> None:
        buffer = allocate(RAW)
        wrong: list[Any] = [
            lambda: buffer.cuda(1 << 32),
            lambda: buffer.cuda(-1),
            lambda: SyncList.for_device(1 << 32, wait=True),
            lambda: buffer.flush((1 << 64) + 1, 1),
            lambda: buffer.flush(0, -1),
        ]
        for number, use in enumerate(wrong):
            with self.assertRaises(ValueError, msg=number):
                use()
        signaler: Any = 2
        self.assertEqual(SyncList.for_device(signal=signaler)["RequiredPerm"].name, "SignalOnly")


class ReportTest(LeakTest):
    def test_the_exception_prints_as_the_command_does(self) -> None:
        camera = AttributeList(RAW, name="camera")
        encoder = AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 8192}, name="encoder")
        with self.assertRaises(ReconcileError) as caught:
            reconcile(camera, encoder)
        error = caught.exception
        self.assertEqual(str(error), error.report.text)
        self.assertIn("encoder asks 8192", str(error))
        self.assertEqual(error.name, "NvSciError_ReconciliationFailed")
        deciding = error.report.deciding
        assert deciding is not None and deciding.suggestion is not None
        asks = [(ask.participant.name, ask.value) for ask in deciding.asks]
        self.assertEqual(asks, [("camera", 4096), ("encoder", 8192)])
        self.assertEqual(deciding.suggestion.state, "verified")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((str(again), again.report, again.code), (str(error), error.report, error.code))
        self.assertEqual(hash(again.report), hash(error.report))

    def test_following_the_suggestion_reconciles(self) -> None:
        wishes = {"camera": dict(RAW), "encoder": {"Types": "RawBuffer", "RawBuffer.Size": 8192}}
        try:
            reconcile(*(AttributeList(asks, name=name) for name, asks in wishes.items()))
            self.fail("reconciled")
        except ReconcileError as error:
            told = {one.name: dict(one.asks) for one in error.report.participants}
            for change in error.report.deciding.suggestion.changes:  # type: ignore[union-attr]
                self.assertEqual(change.kind, "leave_out")
                del told[change.participant.name][change.key]
        # What a report says of a participant is itself a list.
        self.assertEqual(reconcile(*(AttributeList(asks) for asks in told.values())).report.outcome, "granted")

    def test_a_missing_key_without_a_conflict_list(self) -> None:
        with self.assertRaises(ReconcileError) as caught:
            reconcile(AttributeList({"Types": "RawBuffer"}, name="camera"))
        self.assertEqual(caught.exception.report.deciding.reason_code, "missing")  # type: ignore[union-attr]

    def test_the_report_outlives_its_list(self) -> None:
        reconciled = reconcile(AttributeList(PLANES, name="camera"))
        report = reconciled.report
        reconciled.close()
        self.assertEqual(report.outcome, "granted")
        self.assertIn("PlanePitch", report.full_text)
        self.assertTrue(any(place.is_chosen for place in report.places))

    def test_lists_of_sync_have_reports_too(self) -> None:
        lists = [SyncList({"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}, name=name) for name in "ab"]
        with self.assertRaises(ReconcileError) as caught:
            reconcile(*lists)
        self.assertEqual(caught.exception.report.outcome, "refused")

    def test_validation(self) -> None:
        reconciled = reconcile(AttributeList(RAW))
        reconciled.validate(AttributeList(RAW))
        with self.assertRaises(NvSciError):
            reconciled.validate(AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 1}))

    def test_other_refusals_carry_what_was_needed(self) -> None:
        reader = allocate(RAW).readonly()
        with self.assertRaises(NvSciError) as caught:
            opennvsci.errors.call(opennvsci._libraries.lib.NvSciBufObjGetCpuPtr, reader._open.handle.value, None)
        self.assertNotIsInstance(caught.exception, ReconcileError)
        self.assertEqual(pickle.loads(pickle.dumps(caught.exception)).text, caught.exception.text)


class EnumTest(unittest.TestCase):
    def test_members_are_numbers(self) -> None:
        self.assertIsInstance(enums.NvSciBufType.Image, enum.IntEnum)
        self.assertEqual(enums.NvSciBufType.Image, 2)


if __name__ == "__main__":
    unittest.main()
