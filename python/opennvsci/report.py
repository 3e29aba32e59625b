# SPDX-License-Identifier: Apache-2.0
"""The report of a reconciliation as data: copies, which outlive the lists.

The libraries write it as JSON (docs/explain.md, ``format_version`` 1), so what a report holds is said there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Optional

from . import _abi


@dataclass(frozen=True)
class Participant:
    """Whose wishes took part."""

    #: As texts name it: "camera", "list 2".
    name: str
    #: The endpoint of the process that its list came from; empty: of this process.
    peer: str
    #: What it asks, by key.
    asks: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Ask:
    """What one participant asks for a key."""

    participant: Participant
    #: The value as JSON has it, and as texts do.
    value: Any = field(hash=False)
    text: str


@dataclass(frozen=True)
class Change:
    """A change of what one participant asks."""

    participant: Participant
    key: str
    #: "leave_out", "set" or "leave_apart".
    kind: str
    #: Of "set": the value.
    value: Any = field(hash=False, default=None)
    text: str = ""


@dataclass(frozen=True)
class Suggestion:
    """What would avoid that a key is refused or denied."""

    text: str
    #: "verified": the lists were reconciled again with the changes. Else "not_enough", "needs_value" or "not_tried".
    state: str
    #: Verified: the value of the key then; not enough: what is in the way.
    then: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Decision:
    """What became of a key, and why."""

    #: The name of the key; of the memory it is "MemoryDomain", which is no key that a list can have.
    key: str
    #: "granted", "default", "computed", "adjusted", "denied", "refused" or "undecided".
    outcome: str
    #: Why, for programs: "none", "conflict", "missing" and so on, and in words.
    reason_code: str
    reason: str
    #: How asks are merged; empty for keys that are computed.
    rule: str
    rule_text: str
    asks: tuple[Ask, ...]
    #: The value in the result, or None, and as text.
    granted: Any = field(hash=False)
    granted_text: str
    suggestion: Optional[Suggestion]
    #: The key whose decision is the cause, or None.
    follows_from: Optional[str]


@dataclass(frozen=True)
class Place:
    """A memory in which the buffer could be."""

    memory: str
    gpu: Optional[str]
    fits: bool
    is_chosen: bool
    reason: str


@dataclass(frozen=True)
class Report:
    """How a negotiation came to its end: who took part, what became of every key, and what would avoid a refusal.

    >>> import opennvsci
    >>> small = opennvsci.AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 4096}, name="camera")
    >>> large = opennvsci.AttributeList({"Types": "RawBuffer", "RawBuffer.Size": 8192}, name="encoder")
    >>> try:
    ...     opennvsci.reconcile(small, large)
    ... except opennvsci.ReconcileError as error:
    ...     report = error.report
    >>> [participant.name for participant in report.participants]
    ['camera', 'encoder']
    >>> report.deciding.key, report.deciding.outcome
    ('NvSciBufRawBufferAttrKey_Size', 'refused')
    >>> report.deciding.suggestion.text
    'leave the key out of encoder'
    """

    #: "granted", "weakened" (it reconciles without a wish) or "refused".
    outcome: str
    participants: tuple[Participant, ...]
    #: In the order of the keys; those that were not decided come last.
    decisions: tuple[Decision, ...]
    #: The refusal, else the first denial, else None.
    deciding: Optional[Decision]
    #: Where a buffer could be.
    places: tuple[Place, ...]
    summary: str
    conclusion: str
    #: What did not come out as asked, for people, and the same of every key.
    text: str
    full_text: str
    #: All of it as JSON on one line.
    json: str

    def __str__(self) -> str:
        return self.text

    @classmethod
    def at(cls, address: int) -> Report:
        """Copies the OpenNvSciReport that lies there."""
        found = _abi.OpenNvSciReport.from_address(address)
        line = found.json.decode()
        document = json.loads(line)
        told = document["report"]
        participants = tuple(
            Participant(one["name"], one.get("peer", ""), one.get("asks", {})) for one in document["participants"]
        )
        decisions = tuple(_decision(one, participants) for one in told["decisions"])
        deciding = next((one for one in decisions if one.key == told["deciding_key"]), None)
        return cls(
            outcome=told["outcome"],
            participants=participants,
            decisions=decisions,
            deciding=deciding,
            places=tuple(
                Place(one["memory"], one["gpu"], one["fits"], one["is_chosen"], one["reason"])
                for one in told.get("places", ())
            ),
            summary=told["summary"],
            conclusion=told["conclusion"],
            text=found.text.decode(),
            full_text=found.fullText.decode(),
            json=line,
        )


def _decision(one: dict[str, Any], participants: tuple[Participant, ...]) -> Decision:
    asks = tuple(Ask(participants[ask["participant"]], ask["value"], ask["text"]) for ask in one["asks"])
    told = one["suggestion"]
    suggestion = None
    if told is not None:
        changes = tuple(
            Change(
                participants[change["participant"]],
                change["key"],
                change["change"],
                change.get("value"),
                change.get("text", ""),
            )
            for change in told.get("changes", ())
        )
        suggestion = Suggestion(told["text"], told["state"], told.get("then", ""), changes)
    return Decision(
        key=one["key"],
        outcome=one["outcome"],
        reason_code=one["reason_code"],
        reason=one["reason"],
        rule=one["rule"],
        rule_text=one["rule_text"],
        asks=asks,
        granted=one["granted"],
        granted_text=one["granted_text"],
        suggestion=suggestion,
        follows_from=one.get("follows_from"),
    )
