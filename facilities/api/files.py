"""Files: announce them, send their content to a signed address, say that it came, look at what is known of them."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from facilities import storing
from facilities.api import fields, output, refusals
from facilities.api.requests import AuthorizedRequest, id_in_path
from facilities.api.viewsets import OrganizationViewSet
from facilities.models import FileStatus, StoredFile

_SETTLED = (FileStatus.UPLOADED, FileStatus.FAILED)


class AnnouncedInput(serializers.Serializer[Any]):
    name = fields.TextField()
    extension = fields.TextField()
    mime_type = fields.TextField()
    size_kb = fields.NumberField(max_digits=9, decimal_places=3)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            storing.check(storing.Announced(**attrs))
        except storing.NotStorable as refusal:
            raise serializers.ValidationError({refusal.field: [str(refusal)]}, "not_storable") from refusal
        return attrs


class SettledInput(serializers.Serializer[Any]):
    id = fields.UUIDField()
    status = fields.TextField()

    def validate_status(self, status: str) -> str:
        if status not in _SETTLED:
            right = " or ".join(_SETTLED)
            raise serializers.ValidationError(f"status is {status[:80]!r}; it must be {right}", "invalid_choice")
        return status


class AddressOutput(serializers.Serializer[Any]):
    """An announced file, with the address that takes its content."""

    id = serializers.UUIDField()
    status = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="Of the file, for people: leads to its content while signed in.")
    presigned_url = serializers.SerializerMethodField(
        help_text="Takes the content by PUT, with the declared Content-Type and no key, until it expires."
    )

    def get_url(self, file: StoredFile) -> str:
        return self._absolute(reverse("file", args=[file.pk]))

    def get_presigned_url(self, file: StoredFile) -> str:
        return self._absolute(storing.upload_address(file))

    def _absolute(self, address: str) -> str:
        absolute: str = self.context["request"].build_absolute_uri(address)
        return absolute


class FileOutput(AddressOutput):
    """What is known of a file."""

    presigned_url = None  # type: ignore[assignment]  # REST framework's way to leave out an inherited field
    name = serializers.CharField()
    extension = serializers.CharField()
    mime_type = serializers.CharField()
    size_kb = output.NumberField()
    size_bytes = serializers.IntegerField(allow_null=True)
    sha256 = output.NullableTextField()
    download_url = serializers.SerializerMethodField(
        help_text="Gives the content, to be saved, until it expires. Null before it came."
    )
    created_by = serializers.UUIDField(source="created_by_id")
    created_at = output.SecondField()
    uploaded_at = output.SecondField(allow_null=True)

    def get_download_url(self, file: StoredFile) -> str | None:
        return self._absolute(storing.download_address(file)) if file.status == FileStatus.UPLOADED else None


class FileViewSet(OrganizationViewSet):
    """The files of an organization."""

    queryset = StoredFile.objects.none()
    # Anything: what is no UUID is answered as an unknown file is.
    lookup_value_regex = "[^/]+"

    @action(detail=False, methods=["post"], url_path="presigned-urls")
    def presigned_urls(self, request: AuthorizedRequest) -> Response:
        """Announce files; answer each with the address that takes its content, in the same order."""
        announced = [storing.Announced(**row) for row in _rows(request, AnnouncedInput)]
        files = storing.announce(organization=request.organization, files=announced, by=request.author)
        return Response(AddressOutput(files, many=True, context={"request": request}).data)

    @action(detail=False, methods=["patch"], url_path="batch-update")
    def batch_update(self, request: AuthorizedRequest) -> Response:
        """Say of files that they were uploaded, or that it failed."""
        rows = _rows(request, SettledInput)
        outcomes = {row["id"]: row["status"] for row in rows}
        if len(outcomes) < len(rows):
            twice = ErrorDetail("The same id stands in the array more than once.", "repeated")
            raise refusals.malformed_in("body", [twice])
        files = storing.settle(organization=request.organization, outcomes=outcomes, by=request.author)
        return Response(FileOutput(files, many=True, context={"request": request}).data)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        file = storing.find(organization=request.organization, file_id=id_in_path(pk, "File"))
        return Response(FileOutput(file, context={"request": request}).data)

    def kept(self, answered: Any) -> Any:
        return [{name: row[name] for name in row if name != "presigned_url"} for row in answered]

    def repeated(self, body: str) -> str:
        """Sign the addresses of the first answer anew: a signature is a right, and is stored nowhere."""
        organization = self.request.organization  # type: ignore[attr-defined]  # set by MayActForOrganization
        rows = json.loads(body)
        for row in rows:
            file = storing.find(organization=organization, file_id=UUID(row["id"]))
            row["presigned_url"] = self.request.build_absolute_uri(storing.upload_address(file))
        return json.dumps(rows)


class ContentViewSet(OrganizationViewSet):
    """The address that takes a content: its signature is the right, so nobody is asked for a key."""

    authentication_classes = ()
    permission_classes = ()
    # Given by presigned-urls, never built: nothing that a schema could describe.
    schema = None

    def update(self, request: Request, file_id: UUID) -> Response:
        """Take the content of an announced file."""
        file = storing.found_by_signature(
            purpose=storing.UPLOAD, file_id=file_id, signature=request.query_params.get("signature", "")
        )
        kept = storing.receive(file=file, content=request.body, mime_type=request.headers.get("Content-Type", ""))
        return Response({"id": kept.pk, "status": kept.status, "size_bytes": kept.size_bytes, "sha256": kept.sha256})


def _rows(request: Request, row: Callable[..., serializers.BaseSerializer[Any]]) -> list[dict[str, Any]]:
    """Return the rows of a body that is an array; raise Malformed."""
    given = row(data=request.data, many=True, allow_empty=False, max_length=storing.MOST_AT_ONCE)
    if given.is_valid():
        return list(given.validated_data)
    raise refusals.malformed_in("body", given.errors)
