"""What every door for programs is built on."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from facilities.api import idempotency, throttling
from facilities.api.filtering import Filtering
from facilities.models import Role

Handler = Callable[..., HttpResponseBase]


class OrganizationViewSet(GenericViewSet[Any]):
    """
    Routes of one organization.

    Each action makes one domain call. A write is one transaction, whose outermost owner is here, and every POST obeys
    `Idempotency-Key`.
    """

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    filter_backends = [Filtering]
    # Whether an action changes anything; None means what its method says. A preview is a POST that does not:
    # `@action(…, writes=False)`.
    writes: bool | None = None

    @property
    def changes_something(self) -> bool:
        return self.request.method not in SAFE_METHODS if self.writes is None else self.writes

    @property
    def least_role(self) -> Role:
        """What somebody must be; a method that the route does not have is told so, whoever asks."""
        return Role.EDITOR if self.changes_something and self.action else Role.VIEWER

    def kept(self, answered: Any) -> Any:
        """Return what is stored of a success, to be given again: the answer without its secrets, where it has some."""
        return answered

    def repeated(self, body: str) -> str:
        """Return the body of a stored success as it is given again: with its secrets made anew."""
        return body

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks; a caller whose keys are wrong too often has to wait."""
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            throttling.count_wrong_key(request)
            raise

    def check_permissions(self, request: Request) -> None:
        """Check the rights, and count the request whether or not it has them."""
        try:
            super().check_permissions(request)
        finally:
            throttling.count(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the rights; then put the transaction around the action that REST framework is about to call."""
        super().initial(request, *args, **kwargs)
        method = str(request.method).lower()
        if self.action and hasattr(self, method):
            setattr(self, method, partial(self._carry_out, getattr(self, method)))

    def _carry_out(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        deed = partial(handler, request, *args, **kwargs)
        if request.method == "POST" and idempotency.HEADER in request.headers:
            return idempotency.answer_once(
                request, deed, refuse=self.handle_exception, kept=self.kept, repeated=self.repeated
            )
        if not self.changes_something:
            return deed()
        with transaction.atomic(durable=True):
            return deed()
