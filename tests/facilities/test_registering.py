from datetime import date

import pytest
from django.core.exceptions import ValidationError

from facilities import archiving, contracting, issuing, registering, writing
from facilities.access import Author, Channel
from facilities.models import ApiKey, Facility, Membership, Organization, Role, Supplier, SupplyContract, User
from facilities.models.api_key import digest_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def superuser():
    return Author(factories.user(is_superuser=True), Channel.ADMIN)


class TestOrganizations:
    def test_an_organization_is_made_a_part_of_another(self, organization, author):
        made = registering.create_organization(name="Branch", parent=organization, by=author)

        assert Organization.objects.get(pk=made.pk).parent == organization

    def test_it_can_be_moved_to_another_place(self, organization, other_organization, author):
        registering.change_organization(organization=organization, name="New", parent=other_organization, by=author)

        organization.refresh_from_db()
        assert (organization.name, organization.parent) == ("New", other_organization)

    @pytest.mark.parametrize("depth", [0, 1, 2])
    def test_it_is_never_a_part_of_itself(self, depth, organization, author):
        line = [organization]
        for _level in range(depth):
            line.append(factories.organization(parent=line[-1]))

        with pytest.raises(registering.OrganizationLoop):
            registering.change_organization(organization=organization, name="New", parent=line[-1], by=author)

        organization.refresh_from_db()
        assert (organization.name, organization.parent) == ("Ours", None)

    def test_one_that_owns_nothing_can_be_deleted_with_its_members_and_keys(self, organization, author, superuser):
        factories.api_key(organization=organization)

        registering.delete_organization(organization=organization, by=superuser)

        assert not Organization.objects.exists()
        assert not Membership.objects.exists()
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize("thing", ["facility", "part", "invoice"])
    def test_one_that_owns_something_can_not(self, thing, organization, superuser):
        if thing == "part":
            factories.organization(parent=organization)
        else:
            getattr(factories, thing)(organization=organization)

        with pytest.raises(writing.InUse):
            registering.delete_organization(organization=organization, by=superuser)

        assert Organization.objects.filter(pk=organization.pk).exists()

    def test_a_nameless_one_is_refused(self, author):
        with pytest.raises(ValidationError):
            registering.create_organization(name="", parent=None, by=author)


class TestMembers:
    def test_a_person_has_one_role_in_an_organization(self, organization, author):
        made = registering.add_member(organization=organization, user=factories.user(), role="viewer", by=author)
        registering.change_role(membership=made, role="editor", by=author)

        with pytest.raises(ValidationError):
            registering.add_member(organization=organization, user=made.user, role="admin", by=author)

        assert Membership.objects.get(pk=made.pk).role == "editor"

    def test_an_unknown_role_is_refused(self, organization, author):
        with pytest.raises(ValidationError):
            registering.add_member(organization=organization, user=factories.user(), role="king", by=author)

    def test_a_role_can_be_taken_away_once(self, organization, author):
        made = factories.membership(organization=organization)
        registering.remove_member(membership=made, by=author)

        with pytest.raises(writing.Gone):
            registering.remove_member(membership=made, by=author)


class TestKeys:
    def test_the_secret_is_given_once_and_only_its_digest_is_kept(self, organization, author):
        key, secret = issuing.issue_key(organization=organization, name="Sync", role=Role.VIEWER, by=author)

        stored = ApiKey.objects.get(pk=key.pk)
        assert (stored.digest, stored.prefix) == (digest_of(secret), secret[:12])
        assert stored.created_by == author.user

    def test_a_key_is_never_more_than_its_maker(self, organization, author):
        with pytest.raises(issuing.RoleAboveOnesOwn):
            issuing.issue_key(organization=organization, name="Sync", role=Role.ADMIN, by=author)

        assert not ApiKey.objects.exists()

    def test_somebody_without_a_role_there_makes_none(self, organization, superuser):
        with pytest.raises(issuing.RoleAboveOnesOwn):
            issuing.issue_key(organization=organization, name="Sync", role=Role.VIEWER, by=superuser)

    def test_an_unknown_role_is_refused(self, organization, author):
        with pytest.raises(ValidationError):
            issuing.issue_key(organization=organization, name="Sync", role="king", by=author)

    def test_a_key_is_renamed(self, organization, author):
        key, _secret = factories.api_key(organization=organization)

        issuing.rename_key(key=key, name="Other", by=author)

        assert ApiKey.objects.get(pk=key.pk).name == "Other"

    def test_a_revoked_key_keeps_the_moment_it_was(self, organization, author):
        key, _secret = factories.api_key(organization=organization)
        issuing.revoke_key(key=key, by=author)
        revoked_at = ApiKey.objects.get(pk=key.pk).revoked_at

        issuing.revoke_key(key=key, by=author)

        assert revoked_at is not None
        assert ApiKey.objects.get(pk=key.pk).revoked_at == revoked_at


class TestFacilities:
    def test_a_facility_is_written_down_and_changed(self, organization, author):
        made = registering.create_facility(
            organization=organization, name="Plant", country="ES", type="plant", by=author
        )

        registering.change_facility(facility=made, name="Works", by=author)

        assert Facility.objects.get(pk=made.pk).name == "Works"

    def test_archived_and_active_again_as_archiving_does_it(self, facility, author):
        contract = factories.supply_contract(facility=facility)

        registering.change_facility(facility=facility, status="archived", by=author)
        contract.refresh_from_db()
        assert not contract.is_active

        facility.refresh_from_db()
        registering.change_facility(facility=facility, status="active", by=author)
        facility.refresh_from_db()
        assert facility.status == "active"

    @pytest.mark.parametrize("wrong", [{"country": "spain"}, {"status": "burnt"}, {"logistic_factor": 2}])
    def test_what_the_model_refuses_is_refused(self, wrong, facility, author):
        before = Facility.objects.values().get(pk=facility.pk)

        with pytest.raises(ValidationError):
            registering.change_facility(facility=facility, by=author, **wrong)

        assert Facility.objects.values().get(pk=facility.pk) == before

    def test_a_deleted_one_can_not_be_changed(self, facility, author):
        archiving.delete(facility=facility, by=author)

        with pytest.raises(archiving.FacilityNotFound):
            registering.change_facility(facility=facility, name="Works", by=author)


class TestSuppliers:
    def test_a_supplier_is_made_changed_and_deleted(self, superuser):
        made = contracting.create_supplier(name="Luz", country="ES", type="electricity", by=superuser)
        contracting.change_supplier(supplier=made, name="Luz del Sur", by=superuser)
        assert Supplier.objects.get().name == "Luz del Sur"

        contracting.delete_supplier(supplier=made, by=superuser)

        assert not Supplier.objects.exists()

    def test_there_are_no_two_of_one_name(self, superuser):
        supplier = factories.supplier()

        with pytest.raises(ValidationError):
            contracting.create_supplier(name=supplier.name, country=supplier.country, type=supplier.type, by=superuser)

    @pytest.mark.parametrize("needing", [factories.supply_contract, factories.invoice])
    def test_one_that_somebody_names_stays(self, needing, superuser):
        supplier = factories.supplier()
        needing(supplier=supplier)

        with pytest.raises(writing.InUse):
            contracting.delete_supplier(supplier=supplier, by=superuser)

        assert Supplier.objects.filter(pk=supplier.pk).exists()


class TestContracts:
    FIELDS = {"cups": factories.VALID_CUPS, "start_date": date(2024, 1, 1)}

    def test_a_contract_is_manual_and_of_the_facilitys_organization(self, facility, author):
        made = contracting.create_contract(facility=facility, by=author, **self.FIELDS)

        stored = SupplyContract.objects.get(pk=made.pk)
        assert (stored.source, stored.organization) == ("manual", facility.organization)

    def test_a_superuser_with_a_reason_makes_a_datadis_one(self, facility, superuser):
        made = contracting.create_contract(
            facility=facility, by=superuser, source="datadis", reason="The connector was down", **self.FIELDS
        )

        assert SupplyContract.objects.get(pk=made.pk).source == "datadis"

    def test_nobody_else_does(self, facility, author):
        with pytest.raises(contracting.OnlySuperusersMakeDatadis):
            contracting.create_contract(facility=facility, by=author, source="datadis", reason="Because", **self.FIELDS)

        assert not SupplyContract.objects.exists()

    def test_nor_without_a_reason(self, facility, superuser):
        with pytest.raises(contracting.ReasonRequired):
            contracting.create_contract(facility=facility, by=superuser, source="datadis", reason=" ", **self.FIELDS)

        assert not SupplyContract.objects.exists()

    def test_a_contract_is_corrected_and_moved_within_the_organization(self, facility, author):
        contract = factories.supply_contract(facility=facility)
        another = factories.facility(organization=facility.organization)

        contracting.change_contract(contract=contract, facility=another, distributor_code="0021", by=author)

        contract.refresh_from_db()
        assert (contract.facility, contract.distributor_code) == (another, "0021")

    def test_it_never_goes_to_another_organization(self, facility, author):
        contract = factories.supply_contract(facility=facility)

        with pytest.raises(contracting.AnotherOrganization):
            contracting.change_contract(contract=contract, facility=factories.facility(), by=author)

        contract.refresh_from_db()
        assert contract.facility == facility

    def test_one_with_invoices_neither_moves_nor_goes(self, facility, author):
        contract = factories.supply_contract(facility=facility)
        factories.invoice(facility=facility, supply_contract=contract)
        another = factories.facility(organization=facility.organization)

        with pytest.raises(writing.InUse):
            contracting.change_contract(contract=contract, facility=another, by=author)
        with pytest.raises(writing.InUse):
            contracting.delete_contract(contract=contract, by=author)

        contract.refresh_from_db()
        assert contract.facility == facility

    def test_one_without_goes(self, facility, author):
        contracting.delete_contract(contract=factories.supply_contract(facility=facility), by=author)

        assert not SupplyContract.objects.exists()


class TestPeople:
    def test_a_person_is_let_in_and_corrected(self, superuser):
        made = registering.create_user(username="ana", password="a pass phrase", by=superuser)
        registering.change_user(user=made, is_active=False, by=superuser)

        stored = User.objects.get(username="ana")
        assert stored.check_password("a pass phrase")
        assert not stored.is_active

    def test_without_a_password_nobody_gets_in(self, superuser):
        made = registering.create_user(username="ana", password=None, by=superuser)
        assert not made.has_usable_password()

        registering.set_password(user=made, password="another one", by=superuser)

        assert User.objects.get(username="ana").check_password("another one")

    def test_a_name_is_taken_once(self, superuser):
        registering.create_user(username="ana", password=None, by=superuser)

        with pytest.raises(ValidationError):
            registering.create_user(username="ana", password=None, by=superuser)


def test_a_change_that_names_no_status_leaves_the_one_that_it_has_by_then(organization, author):
    seen = factories.facility(organization=organization)
    registering.change_facility(facility=seen.__class__.objects.get(pk=seen.pk), by=author, status="archived")

    changed = registering.change_facility(facility=seen, by=author, name="Closed")

    assert (changed.name, changed.status) == ("Closed", "archived")
