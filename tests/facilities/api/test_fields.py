"""Numbers as they come in."""

from decimal import Decimal

import pytest
from rest_framework.exceptions import ValidationError

from facilities.api.fields import NumberField


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (0.14260000000000003, Decimal("0.142600")),
        (-999999999.9999998, Decimal("-999999999.999999")),
        (999999999.9999998, Decimal("999999999.999999")),
        (1e-300, Decimal(0)),
    ],
)
def test_a_number_within_the_limits_is_rounded_and_stays_within_them(sent, kept):
    assert NumberField(max_digits=15, decimal_places=6).to_internal_value(sent) == kept


@pytest.mark.parametrize("sent", [1e9, -1e9, 1e300])
def test_a_number_outside_of_them_is_refused(sent):
    with pytest.raises(ValidationError):
        NumberField(max_digits=15, decimal_places=6).to_internal_value(sent)
