"""
The rules of `invoices.matching` said again, slowly: every code against every other, strings instead of numbers.

Nothing is shared with the module but how one code is read and how codes are ranked.
"""

from collections import defaultdict

from rapidfuzz.distance import OSA
from stdnum.es import cups as published

from invoices import cups, matching
from invoices.cups import Check
from invoices.matching import Tier
from invoices.matching.ranking import rank

_LOOKS = {"0": "QD", "O": "QD", "1": "L", "I": "L", "2": "Z", "5": "S", "6": "G", "8": "B"}
_DIGITS = "0123456789"
_NO_CUPS = (Check.DAMAGED, Check.OTHER)


def one_slip(digits):
    """Return all texts one slip away: a digit wrong, missing, extra, or swapped with the next."""
    wrong = {digits[:at] + one + digits[at + 1 :] for at in range(len(digits)) for one in _DIGITS}
    less = {digits[:at] + digits[at + 1 :] for at in range(len(digits))}
    more = {digits[:at] + one + digits[at:] for at in range(len(digits) + 1) for one in _DIGITS}
    swapped = {digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :] for at in range(len(digits) - 1)}
    return (wrong | less | more | swapped) - {digits}


def supply_of(digits):
    return f"ES{digits}{published.calc_check_digits(f'ES{digits}')}"


def found(codes, contracts=(), dismissed=()):
    """Return for each code that is no sound one what it points at: (tier, supply)."""
    return _Brute(list(codes), list(contracts), set(dismissed)).found


def differing(codes, suggestions, expected):
    """Return the codes that are not sound and point elsewhere than `found` says."""
    pointing = {member.code: (each.tier, each.supply) for each in suggestions for member in each.sources}
    targets = {(each.target, each.supply) for each in suggestions}
    wrong = []
    for code in codes:
        if cups.parse(code.cups).supply:
            continue
        wanted, got = expected.get(code), pointing.get(code)
        # Of codes none of which is sound, one is the target, and how sure the others are depends on which.
        if wanted and wanted[0] is None:
            is_right = (code.cups, wanted[1]) in targets or (got is not None and got[1] == wanted[1])
        else:
            is_right = got == wanted
        if not is_right:
            wrong.append(code.cups)
    return wrong


class _Brute:
    def __init__(self, codes, contracts, dismissed):
        self.dismissed = dismissed
        self.sound = [code for code in codes if cups.parse(code.cups).supply]
        self.places = defaultdict(set)
        self.invoices = defaultdict(int)
        for code in self.sound:
            self.places[cups.parse(code.cups).supply].add(code.facility_id)
            self.invoices[cups.parse(code.cups).supply] += code.invoice_count
        self.in_set = set(self.places)
        for contract in contracts:
            if supply := cups.parse(contract.cups).supply:
                self.places[supply].add(contract.facility_id)
        self.found = {}
        damaged = [code for code in codes if not cups.parse(code.cups).supply]
        left = [code for code in damaged if not self._certain(code)]
        left = self._same_digits(left)
        left = [code for code in left if not self._likely(code)]
        self._no_cups(left)

    def _is_open(self, code, supply):
        return (code.cups, code.facility_id, supply) not in self.dismissed

    def _best_place(self, code, supplies):
        return [supply for supply in supplies if code.facility_id in self.places[supply]] or list(supplies)

    def _readings(self, code):
        parsed = cups.parse(code.cups)
        if parsed.body16 and parsed.letters == parsed.expected_letters:
            return [cups.Reading(parsed.body16, parsed.letters, parsed.suffix)]
        return [] if parsed.check is Check.OTHER else list(cups.readings(parsed.clean))

    def _proven(self, code):
        return {
            supply_of(one.digits)
            for one in self._readings(code)
            if len(one.digits) == 16 and _fit(one.letters, supply_of(one.digits)[18:])
        }

    def _plain(self, code):
        return {supply_of(one.digits) for one in self._readings(code) if len(one.digits) == 16 and one.is_plain}

    def _repaired(self, code):
        return {
            supply_of(digits)
            for one in self._readings(code)
            if one.letters.isalpha()
            for digits in one_slip(one.digits)
            if len(digits) == 16 and _fit(one.letters, supply_of(digits)[18:])
        }

    def _known(self, code, supplies):
        return [supply for supply in self.places if supply in supplies and self._is_open(code, supply)]

    def _certain(self, code):
        if proven := self._proven(code):
            return self._point(code, self._best_place(code, self._known(code, proven)), Tier.SAME)
        repaired = self._repaired(code)
        misread = any(
            len(one.digits) == 16 and one.letters.isalpha() and _right(one.letters, supply_of(one.digits)[18:])
            for one in self._readings(code)
        )
        known = self._known(code, repaired)
        for supply in known:
            others = {other[2:6] for other in repaired if other != supply}
            if not misread and not others & {*cups.DISTRIBUTORS, supply[2:6]}:
                return self._point(code, [supply], Tier.SLIP if supply in self.in_set else Tier.CONTRACT)
        plain = self._best_place(code, self._known(code, self._plain(code)))
        if len(plain) == 1 and plain[0] in self._best_place(code, [*plain, *known]):
            return self._point(code, plain, Tier.LETTERS)
        return False

    def _point(self, code, supplies, tier):
        if len(supplies) == 1:
            self.found[code] = (tier, supplies[0])
        return len(supplies) == 1

    def _same_digits(self, left):
        for code in left:
            for supply in sorted(self._proven(code) or self._plain(code)):
                if supply in self.places or not self._is_open(code, supply):
                    continue
                same = [
                    other
                    for other in left
                    if supply in (self._proven(other) or self._plain(other)) and self._is_open(other, supply)
                ]
                if len({other.cups for other in same}) > 1:
                    self.found.setdefault(code, (None, supply))
        return [code for code in left if code not in self.found]

    def _likely(self, code):
        if self._proven(code):
            return False
        fitting = self._best_place(code, self._known(code, self._repaired(code)))
        if fitting:
            letters = {
                supply: max(
                    _right(one.letters, supply[18:])
                    for one in self._readings(code)
                    if one.letters.isalpha()
                    and OSA.distance(one.digits, supply[2:18]) == 1
                    and _fit(one.letters, supply[18:])
                )
                for supply in fitting
            }
            best = min(fitting, key=lambda supply: (-letters[supply], -self.invoices[supply], supply))
            is_signed = best not in self.in_set and len(fitting) == 1
            return self._point(code, [best], Tier.CONTRACT if is_signed else Tier.SLIP_AND_LETTERS)
        near = {}
        for distance in (1, 0):
            for one in reversed(self._readings(code)):
                for supply in self._known(code, self.places):
                    is_near = OSA.distance(one.digits, supply[2:18], score_cutoff=distance) == distance
                    if is_near and _may_be(one.letters, supply[18:]):
                        near[supply] = one
        here = self._best_place(code, near)
        if not here:
            return False
        return self._point(
            code,
            [
                min(
                    here,
                    key=lambda supply: (-_right(near[supply].letters, supply[18:]), -self.invoices[supply], supply),
                )
            ],
            Tier.SLIP_AND_LETTERS,
        )

    def _no_cups(self, left):
        texts = [code for code in left if code.clean and not cups.is_scientific(code.clean)]
        targets = self._same_form([code for code in texts if not (self._proven(code) or self._plain(code))])
        free = [code for code in texts if len(code.clean) >= 8 and code not in self.found]
        sources = [code for code in free if code not in targets and code.check in _NO_CUPS and not code.is_locked]
        centres = [*free, *self.sound]
        used = set()
        for centre in sorted(centres, key=lambda code: (not code.is_locked, code.check in _NO_CUPS, *rank(code))):
            name = cups.parse(centre.cups).supply or centre.clean
            for source in [] if centre in self.found else sources:
                is_free = source not in self.found and source not in used and source is not centre
                is_open = self._is_open(source, name) and self._is_open(centre, source.clean)
                if is_free and is_open and source.facility_id == centre.facility_id and _alike(source, centre):
                    self.found[source] = (Tier.ALIKE, name)
                    used.add(centre)

    def _same_form(self, texts):
        """Join what has one clean form; return the targets."""
        same = defaultdict(list)
        for code in texts:
            if self._is_open(code, code.clean):
                same[code.clean].append(code)
        targets = set()
        for clean, own in same.items():
            target = matching.ranked(own)[0]
            targets |= {code for code in own if code.cups == target and len({code.cups for code in own}) > 1}
            self.found |= {code: (Tier.SAME, clean) for code in own if code.cups != target}
        return targets


def _fit(letters, right):
    return len(letters) == 2 and all(one in _LOOKS.get(seen, seen) for seen, one in zip(letters, right, strict=True))


def _right(letters, right):
    return int(letters in right) if len(letters) == 1 else sum(a == b for a, b in zip(letters, right, strict=False))


def _may_be(letters, right):
    return (
        not letters
        or letters.isalpha()
        or all(one in _LOOKS.get(seen, seen) for seen, one in zip(letters, right, strict=False))
    )


def _alike(source, centre):
    short, long = sorted((source.clean, centre.clean), key=len)
    if len(short) >= 14 and len(long) > len(short) and long.startswith(short):
        return True
    is_compared = source.check is Check.DAMAGED or not cups.parse(centre.cups).supply
    return is_compared and OSA.distance(source.clean, centre.clean) <= 2
