from typing import Any

import django_filters
from django.db.models import QuerySet

from facilities.api.filtering import BooleanFilter, UUIDFilter
from invoices import listing
from invoices.models import CupsGroup

# No code is as long; what is longer than a database takes in a pattern must never reach it.
LONGEST_SEARCH = 200


# django-filter ships no types: its classes are Any to mypy.
class GroupFilters(django_filters.FilterSet):  # type: ignore[misc]
    """The query of the list of CUPS groups, narrowed and ordered by the domain as for every other door."""

    facility_id = UUIDFilter()
    search = django_filters.CharFilter(strip=False, max_length=LONGEST_SEARCH)
    is_locked = BooleanFilter()
    check = django_filters.ChoiceFilter(choices=[(check, check) for check in sorted(listing.CHECKS)])
    sort = django_filters.ChoiceFilter(choices=[(sort, sort) for sort in sorted(listing.SORTS)])

    def filter_queryset(self, queryset: QuerySet[CupsGroup]) -> QuerySet[CupsGroup]:
        asked: dict[str, Any] = self.form.cleaned_data
        return listing.groups(
            organization=self.request.organization,
            facility_id=asked["facility_id"],
            search=asked["search"],
            is_locked=asked["is_locked"] if asked["is_locked"] != "" else None,
            check=asked["check"],
            sort=asked["sort"],
        )
