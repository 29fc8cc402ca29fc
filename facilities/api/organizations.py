"""GET /v2/organizations/tree"""

from typing import Any

from rest_framework.decorators import action
from rest_framework.response import Response

from facilities import locating
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from facilities.locating import Branch
from facilities.models import Organization


class OrganizationsViewSet(OrganizationViewSet):
    """The organizations that somebody reaches."""

    queryset = Organization.objects.none()
    filter_backends = []
    pagination_class = None

    @action(detail=False)
    def tree(self, request: AuthorizedRequest) -> Response:
        """Show the tree from the topmost organization that the caller reaches."""
        return Response(_shown(locating.tree(organization=request.organization, by=request.author)))


def _shown(branch: Branch) -> dict[str, Any]:
    return {"id": str(branch.id), "name": branch.name, "children": [_shown(below) for below in branch.children]}
