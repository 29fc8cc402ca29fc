"""
Which published factor a supplier has: the link of its name to the name in the register of labels, made by a person.

Names are compared without case, accents, punctuation and legal form, and never by likeness: two suppliers may differ in
one letter. Nothing is recalculated by it; who links says so afterwards.
"""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from facilities import access, writing
from facilities.access import Author, Channel
from facilities.models import Organization, Supplier
from invoices import factoring
from invoices.emissions import names
from invoices.emissions.factors import Kind
from invoices.models import EmissionFactor, Invoice, SupplierLink


class Proposal(NamedTuple):
    """A supplier without a link, and the name in the register that is its own, as the register spells it last."""

    supplier: Supplier
    register_name: str
    label: str


class Linked(NamedTuple):
    """A link that was made or taken away, and how many invoices in the author's reach name the supplier."""

    link: SupplierLink
    invoice_count: int


class NotInRegister(ValueError):
    """The register of labels holds no such name for the supplier's country."""


class NotLinked(Exception):
    """The supplier has no link."""


def proposals() -> list[Proposal]:
    """
    Return the electricity suppliers without a link whose name is in the register of their country, by name.

    Raise factoring.NoFactors.
    """
    published = _register()
    unlinked = Supplier.objects.filter(type="electricity", country__in=published, register_link=None)
    found = []
    for supplier in unlinked.order_by("name", "pk"):
        name = names.normalised(supplier.name)
        if label := published[supplier.country].get(name):
            found.append(Proposal(supplier, name, label))
    return found


@transaction.atomic
def confirm(*, supplier: Supplier, register_name: str, by: Author) -> Linked:
    """
    Link a supplier to a name in the register, in place of the link that it has.

    The name may be spelt as the register does. Raise NotInRegister or factoring.NoFactors, with nothing changed.
    """
    name = names.normalised(register_name)
    if name not in _register().get(supplier.country, {}):
        raise NotInRegister(f"“{register_name}” is no name in the register of {supplier.country}")
    current = writing.held(supplier)
    told = {"register_name": name, "confirmed_by": by.user, "confirmed_at": timezone.now()}
    link, _is_new = SupplierLink.objects.update_or_create(supplier=current, defaults=told)
    writing.note("linked", link, by)
    return Linked(link, _invoices_naming(current, by))


@transaction.atomic
def withdraw(*, supplier: Supplier, by: Author) -> Linked:
    """Take the link of a supplier away; loading the reference data does not bring it back. Raise NotLinked."""
    current = writing.held(supplier)
    link = SupplierLink.objects.filter(supplier=current).first()
    if link is None:
        raise NotLinked(f"{current.name} is not linked to a name in the register")
    SupplierLink.objects.filter(supplier=current).delete()
    writing.note("unlinked", link, by)
    return Linked(link, _invoices_naming(current, by))


def _register() -> Mapping[str, Mapping[str, str]]:
    """Return the names of the register in force, by country: without case and so on → as it is spelt last."""
    rows = EmissionFactor.objects.filter(factor_set=factoring.current(), kind=Kind.SUPPLIER.value)
    found: dict[str, dict[str, str]] = {}
    for country, name, label in rows.order_by("valid_from", "pk").values_list("jurisdiction", "subject", "label"):
        found.setdefault(country, {})[name] = label
    return found


def _invoices_naming(supplier: Supplier, by: Author) -> int:
    is_superuser = by.through == Channel.ADMIN and by.user.is_superuser
    reach = Organization.objects.all() if is_superuser else access.organizations_in_reach(by)
    return Invoice.objects.filter(organization__in=reach, supplier=supplier).counted().count()
