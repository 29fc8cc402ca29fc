"""Filters of lists that name only what one is assigned to."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from facilities.admin.tenancy import assigned
from facilities.models import Facility

# More than this nobody reads down: one searches.
MOST_CHOICES = 60


class _KeyFilter(admin.SimpleListFilter, ABC):
    """One row by its key, among those that are few enough to be listed."""

    column: str

    @abstractmethod
    def choices_for(self, request: HttpRequest) -> QuerySet[Any]: ...

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        found = self.choices_for(request).order_by("name", "pk").values_list("pk", "name")
        few = list(found[: MOST_CHOICES + 1])
        if len(few) > MOST_CHOICES:
            # The one that an address names can still be seen, and taken off.
            few = list(found.filter(pk=self._key())) if self.value() else []
        return [(str(pk), name) for pk, name in few]

    def has_output(self) -> bool:
        return bool(self.value()) or len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self._key()}) if self.value() else queryset

    def _key(self) -> UUID:
        try:
            return UUID(self.value() or "")
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error


class OrganizationFilter(_KeyFilter):
    title = _("organization")
    parameter_name = "organization__id__exact"
    column = "organization_id"

    def choices_for(self, request: HttpRequest) -> QuerySet[Any]:
        return assigned(request).organizations()


class FacilityFilter(_KeyFilter):
    title = _("facility")
    parameter_name = "facility__id__exact"
    column = "facility_id"

    def choices_for(self, request: HttpRequest) -> QuerySet[Any]:
        return Facility.objects.filter(organization__in=assigned(request).organizations())
