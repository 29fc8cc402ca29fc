"""Which of several codes of one supply they should all carry, and why. Plain Python."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from invoices import cups as cups_codes
from invoices.cups import Check
from invoices.matching.field import SOUND, Signed, supply_of
from invoices.matching.found import Code, Contract, TargetReason

# A code to propose, and what speaks for it.
Proposal = tuple[str, tuple[TargetReason, ...]]

_COMPLETE: Final = (20, 22)
_NOWHERE: Final = UUID(int=0)


def ranked(codes: Iterable[Code]) -> list[str]:
    """
    Return each code once, the best target first; what it has at several facilities is counted together.

    In this order: backed by Datadis, letters right as written, complete, a known distributor, most invoices, the latest
    invoice, the longest span, the smallest string.
    """
    return [code.cups for code in _ranked(codes)]


def propose(codes: Sequence[Code], *, contracts: Iterable[Contract] = ()) -> Proposal:
    """
    Return the code that these should carry, one they have or one that none carries yet, and why; ("", ()) of none.

    The best of them, spelled as its supply's contract spells it; without one with the border point, if all that print
    one agree; else without. A code that Datadis backs stays as it is written, as does one whose letters are not known
    to be right.
    """
    order = _ranked(codes)
    body16 = order[0].body16 if order else ""
    parsed = ((contract.facility_id, cups_codes.parse(contract.cups)) for contract in contracts)
    return _best(order, [Signed(at, code.suffix) for at, code in parsed if code.supply and code.body16 == body16])


def best(codes: Sequence[Code], signed: Sequence[Signed]) -> Proposal:
    """Propose one of the codes of one supply, or the best spelling of it; `signed` are that supply's contracts."""
    return _best(_ranked(codes), signed)


def built(supply: str, signed: Sequence[Signed]) -> Proposal:
    """Propose the code of a supply that no invoice names soundly."""
    target, why = _spelled(supply, (), signed)
    return target, _of_nobody(target, why)


def _best(order: Sequence[Code], signed: Sequence[Signed]) -> Proposal:
    if not order:
        return "", ()
    first = order[0]
    is_certain = signed or any(proven(code) for code in order if code.body16 == first.body16)
    if first.is_locked or not is_certain:
        return first.cups, _reasons(first, order)
    target, why = _spelled(supply_of(int(first.body16)), order, signed)
    carried = next((code for code in order if code.cups == target), None)
    return (target, (*_reasons(carried, order), *why)) if carried else (target, _of_nobody(target, why))


def proven(code: Code) -> bool:
    """Say whether the letters prove the code's 16 digits."""
    return code.letters_ok or code.check in SOUND


def rank(code: Code) -> tuple[Any, ...]:
    """Order codes as targets, the best first."""
    return (
        not code.is_locked,
        code.check is not Check.VALID,
        not _is_complete(code),
        not _has_known_distributor(code),
        -code.invoice_count,
        -_last(code),
        -_span(code),
        code.cups,
    )


def _ranked(codes: Iterable[Code]) -> list[Code]:
    by_cups: dict[str, Code] = {}
    for code in codes:
        known = by_cups.get(code.cups)
        by_cups[code.cups] = _joined(known, code) if known else code
    return sorted(by_cups.values(), key=rank) if len(by_cups) > 1 else list(by_cups.values())


def _joined(one: Code, other: Code) -> Code:
    return one._replace(
        invoice_count=one.invoice_count + other.invoice_count,
        first_date=min((day for day in (one.first_date, other.first_date) if day), default=None),
        last_date=max((day for day in (one.last_date, other.last_date) if day), default=None),
        is_locked=one.is_locked or other.is_locked,
    )


def _is_complete(code: Code) -> bool:
    return bool(code.body16) and len(code.clean) in _COMPLETE


def _has_known_distributor(code: Code) -> bool:
    first_four = code.body16[:4] or (code.clean[2:6] if code.clean.startswith("ES") else "")
    return first_four in cups_codes.DISTRIBUTORS


def _count(code: Code) -> int:
    return code.invoice_count


def _last(code: Code) -> int:
    return code.last_date.toordinal() if code.last_date else 0


def _span(code: Code) -> int:
    return (code.last_date - code.first_date).days if code.last_date and code.first_date else 0


def _spelled(supply: str, codes: Iterable[Code], signed: Sequence[Signed]) -> Proposal:
    """Return a supply's code in 20 characters or 22, and why."""
    if signed:
        spellings = Counter(f"{supply}{contract.suffix}" for contract in signed)
        return min(spellings, key=lambda cups: (-spellings[cups], cups)), (TargetReason.CONTRACT_SPELLING,)
    suffixes = {code.suffix for code in codes if code.check in SOUND and code.body16 == supply[2:18] and code.suffix}
    return (supply + suffixes.pop(), (TargetReason.AGREED_SUFFIX,)) if len(suffixes) == 1 else (supply, ())


def _of_the_code(code: Code) -> tuple[TargetReason, ...]:
    """Return what the code alone says for it."""
    told = (
        (TargetReason.DATADIS, code.is_locked),
        (TargetReason.LETTERS_RIGHT, code.check is Check.VALID),
        (TargetReason.COMPLETE, _is_complete(code)),
        (TargetReason.KNOWN_DISTRIBUTOR, _has_known_distributor(code)),
    )
    return tuple(reason for reason, holds in told if holds)


def _of_nobody(target: str, why: tuple[TargetReason, ...]) -> tuple[TargetReason, ...]:
    code = Code(target, _NOWHERE, target, Check.VALID, target[2:18], letters_ok=True, suffix=target[20:])
    return (*_of_the_code(code), *why, TargetReason.CONSTRUCTED)


def _reasons(target: Code, order: Sequence[Code]) -> tuple[TargetReason, ...]:
    """Return what speaks for a code that invoices carry, against the others."""
    others = [code for code in order if code is not target]
    if not others:
        return _of_the_code(target)
    figures = ((TargetReason.MOST_INVOICES, _count), (TargetReason.LATEST, _last), (TargetReason.LONGEST, _span))
    more = [reason for reason, of in figures if of(target) > max(map(of, others))]
    is_tied = rank(target)[:-1] == rank(others[0])[:-1]
    return (*_of_the_code(target), *more, *([TargetReason.SMALLEST] if is_tied else []))
