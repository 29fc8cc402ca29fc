"""
The one table: domain error → status and code, in both dialects, and the shape of every error of the API.

v1 routes put the symbolic name in `code` and a sentence in `detail`; legacy routes (under /api/) put the name in
`detail` and the class of the error in `code`. What no row names is a fault and no refusal: it is raised on, logged with
its traceback, and answered as INTERNAL_ERROR by `api_errors_middleware`.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404
from django.utils import translation
from rest_framework import exceptions
from rest_framework.response import Response

from facilities import access, archiving, contracting, issuing, locating, registering, storing, writing
from facilities.api import refusals
from facilities.api.refusals import Malformed, Problem, Refused
from invoices import (
    aliasing,
    assigning,
    closed_years,
    closing,
    comparing,
    consolidating,
    cups,
    customizing,
    dismissing,
    evidencing,
    exporting,
    families,
    filing,
    grouping,
    impacts,
    importing,
    recalculating,
    receiving,
    relinking,
    relocating,
    suggesting,
    tracking,
    undoing,
    vetting,
)
from invoices.api.relocations import RelocationPreviewOutput
from invoices.api.serializers import ConflictOutput, PreviewOutput
from invoices.api.suggestions import bulk_output

_log = structlog.stdlib.get_logger("api")

RETRY_AFTER: Final = 1
# Deadlock, serialization failure, lock not available (PostgreSQL's codes); busy, locked (SQLite's).
_CONTENTION_STATES: Final = {"40P01", "40001", "55P03"}
_CONTENTION_CODES: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_CLASSES: Final = {
    HTTPStatus.FORBIDDEN: "FORBIDDEN",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.CONFLICT: "CONFLICT",
}


class Answer(NamedTuple):
    """How one domain error is told: `loc` says where a 422 points, `more` what else stands in the body."""

    status: HTTPStatus
    code: str
    loc: tuple[str, ...] | None = None
    more: Callable[[Any], Mapping[str, object]] | None = None
    retry_after: int | None = None
    # The create page prints some of its refusals as a sentence, though v1 has a name for them.
    is_sentence: bool = False

    @property
    def legacy_code(self) -> str:
        """The class of the error, which is all that `code` says on a legacy route."""
        return _CLASSES.get(self.status, "VALIDATION_ERROR")

    def told(self, sentence: str, *, is_legacy: bool) -> tuple[str, str]:
        """Return `detail` and `code` in one of the dialects."""
        if not is_legacy:
            return sentence, self.code
        has_name = self.code not in {self.legacy_code, "VALIDATION_ERROR"} and not self.is_sentence
        return self.code if has_name else sentence, self.legacy_code


def _bad(code: str, *, is_sentence: bool = False) -> Answer:
    return Answer(HTTPStatus.BAD_REQUEST, code, is_sentence=is_sentence)


def _forbidden(code: str = "FORBIDDEN") -> Answer:
    return Answer(HTTPStatus.FORBIDDEN, code)


def _missing() -> Answer:
    return Answer(HTTPStatus.NOT_FOUND, "NOT_FOUND")


def _conflict(code: str, more: Callable[[Any], Mapping[str, object]] | None = None) -> Answer:
    return Answer(HTTPStatus.CONFLICT, code, more=more)


def _invalid(*loc: str) -> Answer:
    return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", loc=("body", *loc))


def _new_preview(error: consolidating.PlanChanged) -> dict[str, object]:
    return {"preview": PreviewOutput(error.plan).data}


def _new_relocation(error: relocating.PlanChanged) -> dict[str, object]:
    return {"preview": RelocationPreviewOutput(error.plan).data}


def _new_bulk_plan(error: suggesting.BulkPlanChanged) -> dict[str, object]:
    return {"preview": bulk_output(error.plan)}


def _conflicts(error: undoing.ConflictsFound) -> dict[str, object]:
    return {"conflicts": ConflictOutput(error.conflicts, many=True).data, "total": error.total}


TABLE: Final[Mapping[type[Exception], Answer]] = {
    access.NotAllowed: _forbidden(),
    archiving.FacilityNotFound: _missing(),
    contracting.AnotherOrganization: _bad("FACILITY_NOT_BELONG_TO_ORGANIZATION"),
    contracting.ContractInUse: _conflict("SUPPLY_CONTRACT_IN_USE"),
    contracting.EndsBeforeItStarts: _bad("INVALID_PERIOD"),
    contracting.LockedByDatadis: _conflict("SUPPLY_CONTRACT_LOCKED_BY_DATADIS"),
    contracting.OnlySuperusersMakeDatadis: _forbidden(),
    contracting.ReasonRequired: _invalid("reason"),
    locating.ContractNotFound: _missing(),
    locating.FacilityNotOfOrganization: _bad("FACILITY_NOT_BELONG_TO_ORGANIZATION"),
    locating.ReferenceNotFound: _bad("INVALID_REFERENCE"),
    issuing.RoleAboveOnesOwn: _forbidden(),
    registering.OrganizationLoop: _invalid("parent_id"),
    storing.AddressExpired: _forbidden("FILE_ADDRESS_EXPIRED"),
    storing.AddressNotValid: _forbidden("FILE_ADDRESS_NOT_VALID"),
    storing.AlreadyUploaded: _conflict("FILE_ALREADY_UPLOADED"),
    storing.FileNotFound: _missing(),
    storing.NotAsDeclared: _bad("FILE_NOT_AS_DECLARED"),
    storing.NotStorable: _invalid(),
    storing.NotUploaded: _conflict("FILE_NOT_UPLOADED"),
    writing.Gone: _missing(),
    writing.InUse: _conflict("IN_USE"),
    aliasing.AliasNotFound: _missing(),
    aliasing.AliasOfAnAlias: _conflict("TARGET_IS_ALIAS"),
    aliasing.AliasOfItself: _bad("ALIAS_OF_ITSELF"),
    aliasing.CodeLockedByDatadis: _conflict("CUPS_LOCKED_BY_DATADIS"),
    aliasing.FacilityNotInOrganization: _forbidden("FACILITY_NOT_BELONG_TO_ORGANIZATION"),
    assigning.AssignmentChanged: _conflict("PLAN_CHANGED"),
    assigning.MalformedSelection: _invalid("invoice_ids"),
    closed_years.PeriodClosed: _conflict("PERIOD_CLOSED"),
    closing.AlreadyClosed: _conflict("PERIOD_CLOSED"),
    closing.FiguresChanged: _conflict("PLAN_CHANGED"),
    closing.MessageRequired: _invalid("message"),
    closing.NotClosed: _conflict("PERIOD_NOT_CLOSED"),
    closing.NothingToClose: _conflict("NOTHING_TO_CLOSE"),
    comparing.NothingToRecalculate: _conflict("NOTHING_TO_RECALCULATE"),
    consolidating.FacilityNotInOrganization: _forbidden("FACILITY_NOT_BELONG_TO_ORGANIZATION"),
    consolidating.LockedByDatadis: _conflict("CUPS_LOCKED_BY_DATADIS"),
    consolidating.MalformedSources: _invalid("sources"),
    consolidating.PlanChanged: _conflict("PLAN_CHANGED", more=_new_preview),
    consolidating.ValidCodesDiffer: _conflict("VALID_CODES_DIFFER"),
    cups.NotAcceptable: _invalid("target_cups"),
    customizing.GroupNotFound: _missing(),
    customizing.GroupOfOneAbove: _forbidden(),
    customizing.RepeatedGas: _invalid("emission_factor_values"),
    dismissing.DismissalNotFound: _missing(),
    evidencing.ArchiveNotFound: _missing(),
    evidencing.NothingToShow: _conflict("NOTHING_TO_SHOW"),
    exporting.TooManyRows: _bad("TOO_MANY_ROWS"),
    filing.CodeLockedByDatadis: _conflict("CUPS_LOCKED_BY_DATADIS"),
    filing.ContractOfAnotherFacility: _bad("INVALID_REFERENCE"),
    filing.DistributedInvoice: _conflict("DISTRIBUTED_INVOICE"),
    filing.FacilityOfAnotherOrganization: _bad("FACILITY_NOT_BELONG_TO_ORGANIZATION"),
    families.InvoiceNotFound: _missing(),
    filing.LockedByDatadis: _conflict("INVOICE_LOCKED_BY_DATADIS"),
    impacts.EndsBeforeItStarts: _bad("INVALID_PERIOD"),
    impacts.WindowTooLong: _bad("INVALID_PERIOD"),
    importing.ImportNotFound: _missing(),
    importing.ImportTooLarge: Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "IMPORT_TOO_LARGE"),
    importing.MappingIncomplete: _bad("MAPPING_INCOMPLETE"),
    importing.NotReadable: _bad("NOT_READABLE"),
    importing.NothingToTake: _conflict("NOTHING_TO_TAKE"),
    importing.WrongState: _conflict("WRONG_STATE"),
    receiving.FacilityNotOfOrganization: _bad("FACILITY_NOT_BELONG_TO_ORGANIZATION", is_sentence=True),
    receiving.OrganizationNotBelow: _forbidden("ORGANIZATION_ID_IS_NOT_UNDER_PARENT_ORGANIZATION"),
    receiving.OrganizationNotFound: Answer(HTTPStatus.NOT_FOUND, "ORGANIZATION_NOT_FOUND", is_sentence=True),
    receiving.UnknownReference: _bad("INVALID_REFERENCE", is_sentence=True),
    recalculating.ActivityCategoryMismatch: _bad("ACTIVITY_CATEGORY_MISMATCH"),
    recalculating.MixedInvoiceTypes: _bad("MIXED_INVOICE_TYPES"),
    recalculating.UnsupportedInvoiceType: _bad("UNSUPPORTED_INVOICE_TYPE"),
    relinking.MatchChanged: _conflict("PLAN_CHANGED"),
    relocating.AlreadyUndone: _conflict("RELOCATION_ALREADY_UNDONE"),
    relocating.FacilityArchived: _conflict("FACILITY_ARCHIVED"),
    relocating.NothingToMove: _conflict("NOTHING_TO_MOVE"),
    relocating.NothingToMoveBack: _conflict("RELOCATION_CONFLICT"),
    relocating.PlanChanged: _conflict("PLAN_CHANGED", more=_new_relocation),
    relocating.RelocationNotFound: _missing(),
    relocating.SameFacility: _invalid("to_facility_id"),
    relocating.TooManyToMove: _conflict("TOO_MANY_TO_MOVE"),
    suggesting.BulkPlanChanged: _conflict("PLAN_CHANGED", more=_new_bulk_plan),
    suggesting.NotOfTheSuggestion: _invalid("sources"),
    suggesting.NothingLeft: _invalid("leave_out"),
    suggesting.NothingToAccept: _conflict("NOTHING_TO_ACCEPT"),
    suggesting.SuggestionNotFound: _missing(),
    suggesting.TierNotSafe: _invalid("tier"),
    tracking.JobNotFound: _missing(),
    tracking.NothingToRetry: _conflict("NOTHING_TO_RETRY"),
    grouping.GroupsKeptChanging: Answer(HTTPStatus.CONFLICT, "TRY_AGAIN", retry_after=RETRY_AFTER),
    vetting.FuelRequired: _bad("FUEL_REQUIRED"),
    vetting.InvalidPeriod: _bad("INVALID_PERIOD"),
    vetting.InvalidTotalPercentage: _bad("INVALID_TOTAL_PERCENTAGE"),
    vetting.MisshapenCups: _bad("INVALID_CUPS"),
    vetting.UnitDoesNotFit: _bad("INVALID_UNIT", is_sentence=True),
    vetting.UnknownType: _bad("INVALID_INVOICE_TYPE", is_sentence=True),
    undoing.AlreadyUndone: _conflict("CONSOLIDATION_ALREADY_UNDONE"),
    undoing.BatchNotFound: _missing(),
    undoing.ConflictsFound: _conflict("CONSOLIDATION_CONFLICT", more=_conflicts),
    undoing.ConsolidationNotFound: _missing(),
    undoing.MessageRequired: _invalid("message"),
    undoing.NotOfTheConsolidation: _invalid("invoice_ids"),
}

# What Django and REST framework refuse by themselves.
_OF_THE_FRAMEWORK: Final[Mapping[type[Exception], tuple[HTTPStatus, str, str | None]]] = {
    exceptions.NotAuthenticated: (HTTPStatus.UNAUTHORIZED, "INVALID_API_KEY", "Invalid API key"),
    exceptions.AuthenticationFailed: (HTTPStatus.UNAUTHORIZED, "INVALID_API_KEY", "Invalid API key"),
    exceptions.PermissionDenied: (HTTPStatus.FORBIDDEN, "FORBIDDEN", None),
    exceptions.NotFound: (HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found"),
    exceptions.MethodNotAllowed: (HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", None),
    exceptions.NotAcceptable: (HTTPStatus.NOT_ACCEPTABLE, "NOT_ACCEPTABLE", None),
    exceptions.UnsupportedMediaType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", None),
    Http404: (HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found"),
    RequestDataTooBig: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "REQUEST_TOO_LARGE",
        "The request body is larger than this server takes",
    ),
}


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to an exception in English, or None for a fault, which is then raised on."""
    with translation.override("en"):
        return _answer(exception, is_legacy=context["request"].path.startswith("/api/"))


def _answer(exception: Exception, *, is_legacy: bool) -> Response | None:
    row = next((TABLE[kind] for kind in type(exception).__mro__ if kind in TABLE), None)
    if row is not None:
        return _of_the_domain(exception, row, is_legacy=is_legacy)
    return _of_the_door(exception) or _of_the_framework(exception)


def _of_the_door(exception: Exception) -> Response | None:
    match exception:
        case Malformed():
            return _unprocessable(exception.problems)
        case Refused():
            code = exception.refusal_code
            return _response(HTTPStatus(exception.status_code), code, str(exception.detail), exception.retry_after)
        case exceptions.ValidationError():
            return _unprocessable(refusals.malformed_in("body", exception.detail).problems)
        case exceptions.ParseError():
            return _unprocessable([Problem(("body",), str(exception.detail), "json_invalid")])
        case OperationalError() if _is_contention(exception):
            _log.warning("contention", exc_info=exception)
            detail = "The database is busy with another change of the same rows; try again"
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, "TRY_AGAIN", detail, RETRY_AFTER)
    return None


def _of_the_domain(exception: Exception, row: Answer, *, is_legacy: bool) -> Response:
    sentence = str(exception) or str(type(exception).__doc__)
    detail, code = row.told(sentence, is_legacy=is_legacy)
    more = dict(row.more(exception)) if row.more else {}
    if row.loc:
        more["errors"] = [_problem(Problem(row.loc, sentence, "invalid"))]
    return _response(row.status, code, detail, row.retry_after, **more)


def _of_the_framework(exception: Exception) -> Response | None:
    found = next((row for kind, row in _OF_THE_FRAMEWORK.items() if isinstance(exception, kind)), None)
    if found is None:
        return None
    status, code, sentence = found
    response = _response(status, code, sentence or str(getattr(exception, "detail", exception)))
    if challenge := getattr(exception, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    return response


def _unprocessable(problems: Sequence[Problem]) -> Response:
    errors = [_problem(problem) for problem in problems]
    return _response(HTTPStatus.UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", problems[0].msg, errors=errors)


def _problem(problem: Problem) -> dict[str, object]:
    return {"loc": list(problem.loc), "msg": problem.msg, "type": problem.type}


def _response(
    status: HTTPStatus, code: str, detail: str, retry_after: int | None = None, /, **more: object
) -> Response:
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return Response({"detail": detail, "code": code, **more}, status=status, headers=headers)


def _is_contention(error: OperationalError) -> bool:
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _CONTENTION_STATES:
        return True
    # SQLite keeps the general kind of an error in the lowest byte.
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _CONTENTION_CODES
