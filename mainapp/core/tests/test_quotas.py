from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_noop, override

from mainapp.core.exceptions import DomainError
from mainapp.core.limits import CLUB, Quota, RateLimited, quotas
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.limits.seeding import ineffective_settings, seed_default_plan
from mainapp.core.limits.usage import quota_usage
from mainapp.core.models import AuditEntry, Plan, QuotaRule, Usage
from mainapp.core.tests.plans import give_plan

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """The only kinds of quotas during a test."""
    monkeypatch.setattr(quotas, "_quotas", {})
    text = gettext_noop("salas novas")
    return {
        name: Quota(name=name, label=text, seed=seed, window_s=86_400.0)
        for name, seed in (("ten", 10), ("rooms", "ROOMS_A_DAY"))
    }


@pytest.fixture
def ten(kinds):
    return kinds["ten"]


def uses(subject, kind, *, at=AT, tries=1):
    """Return the number of uses that pass."""
    passed = 0
    for _number in range(tries):
        try:
            check_and_increment_quota(subject, kind, at=at)
        except RateLimited:
            continue
        passed += 1
    return passed


def test_a_window_begins_with_its_first_use_and_a_call_after_the_wait_passes(alice, bob, ten):
    give_plan(alice, ten=2)
    assert uses(alice, ten) == 1
    assert Usage.objects.get().count == 1
    assert uses(alice, ten, at=AT + HOUR) == 1

    with pytest.raises(RateLimited) as caught:
        check_and_increment_quota(alice, ten, at=AT + 2 * HOUR)

    assert caught.value.retry_after_s == 22 * 3600  # not moved by the second use
    assert uses(bob, ten) == 1
    free_at = AT + 2 * HOUR + timedelta(seconds=caught.value.retry_after_s)
    assert uses(alice, ten, at=free_at - timedelta(seconds=1)) == 0
    assert uses(alice, ten, at=free_at) == 1
    usage = Usage.objects.get(user=alice)
    assert (usage.count, usage.window_ends_at) == (1, free_at + DAY)


def test_a_use_is_undone_with_its_transaction(alice, ten):
    check_and_increment_quota(alice, ten, at=AT)
    with transaction.atomic():
        check_and_increment_quota(alice, ten, at=AT)
        transaction.set_rollback(True)

    assert Usage.objects.get().count == 1


@pytest.mark.parametrize("has_plan", [False, True])
def test_a_use_costs_two_queries(alice, ten, has_plan, django_assert_num_queries):
    seed_default_plan()
    if has_plan:
        give_plan(alice, ten=5)
    check_and_increment_quota(alice, ten, at=AT)

    with django_assert_num_queries(2):
        check_and_increment_quota(alice, ten, at=AT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "has_old_window"), [(10, False), (10, True), (1, False)])
def test_exactly_the_limit_of_200_parallel_calls_passes(ten, limit, has_old_window):
    carol = get_user_model().objects.create_user("carol")
    give_plan(carol, ten=limit)
    if has_old_window:
        check_and_increment_quota(carol, ten, at=AT - 2 * DAY)

    def use():
        with transaction.atomic():
            return uses(carol, ten)

    def use_ten_times(_number):
        try:
            return sum(use() for _ in range(10))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(use_ten_times, range(20))) == limit
    assert Usage.objects.get().count == limit


@pytest.mark.parametrize("before", ["SELECT", "INSERT"])
def test_a_use_counts_whose_row_another_process_inserts_first(alice, ten, before):
    """Two processes count a first use: one inserts the row between two queries of the other."""

    def overtake(execute, sql, params, many, context):
        if sql.startswith(before) and Usage._meta.db_table in sql and not overtaken:
            overtaken.append(sql)
            Usage.objects.create(user=alice, limit=ten.name, count=1, window_ends_at=AT + DAY)
        return execute(sql, params, many, context)

    overtaken = []
    with connection.execute_wrapper(overtake):
        check_and_increment_quota(alice, ten, at=AT)

    assert overtaken
    assert Usage.objects.get().count == 2


def test_a_window_of_a_clock_that_ran_ahead_is_over(alice, ten):
    assert uses(alice, ten, at=AT + 2 * DAY, tries=10) == 10
    assert uses(alice, ten) == 1

    usage = Usage.objects.get()
    assert (usage.count, usage.window_ends_at) == (1, AT + DAY)


def test_a_window_of_a_host_that_is_a_little_ahead_is_respected(alice, ten):
    for seconds in (30, 0):
        uses(alice, ten, at=AT + timedelta(seconds=seconds))

    assert Usage.objects.get().count == 2


# Plans -----------------------------------------------------------------------------------------


def test_the_own_plan_wins_over_the_default_plan_and_that_over_the_setting(alice, kinds, settings):
    rooms, settings.ROOMS_A_DAY = kinds["rooms"], 1
    assert uses(alice, rooms, tries=9) == 1
    seed_default_plan()
    QuotaRule.objects.filter(kind="rooms").update(limit=3)
    assert uses(alice, rooms, tries=9) == 2
    plan = give_plan(alice, rooms=4)
    assert uses(alice, rooms, tries=9) == 1
    plan.rules.all().delete()
    assert uses(alice, rooms, tries=9) == 0


def test_a_changed_rule_holds_from_the_next_call_on(alice, ten):
    rules = give_plan(alice, ten=1).rules
    assert uses(alice, ten, tries=3) == 1
    rules.update(limit=3)
    assert uses(alice, ten, tries=9) == 2
    rules.update(limit=1)
    assert uses(alice, ten) == 0
    rules.update(window=timedelta(seconds=30), limit=2)
    # Its window is longer than any that the new rule can have begun.
    assert uses(alice, ten, at=AT + HOUR, tries=9) == 2
    assert Usage.objects.get().window_ends_at == AT + HOUR + timedelta(seconds=30)


def test_a_plan_assigned_by_another_process_holds_for_a_stale_user(alice, ten):
    give_plan(get_user_model().objects.get(pk=alice.pk), ten=1)
    assert alice.plan is None
    assert uses(alice, ten, tries=3) == 1


def test_a_refusal_names_limit_window_and_reset_in_the_readers_language(alice, ten, time_machine):
    time_machine.move_to(AT, tick=False)
    give_plan(alice, ten=1)
    uses(alice, ten)

    with pytest.raises(RateLimited) as caught:
        check_and_increment_quota(alice, ten, at=AT)

    texts = {}
    for language in ("pt-br", "en"):
        with override(language):
            texts[language] = str(caught.value)
    assert texts == {
        "pt-br": "Limite atingido em salas novas: 1 em 24 h. Libera em 11/03, às 09:00.",
        "en": "Limit of new rooms reached: 1 in 24 h. Resets on 11 Mar at 09:00.",
    }


def test_a_limit_of_zero_refuses_without_a_time(alice, ten):
    give_plan(alice, ten=0)
    for _again in range(2):
        with pytest.raises(DomainError) as caught:
            check_and_increment_quota(alice, ten, at=AT)
        assert (caught.value.code, caught.value.retry_after_s) == ("limit_reached", None)
        assert str(caught.value) == "O plano não inclui salas novas."


def test_a_kind_of_clubs_has_no_users_and_names_are_unique(alice):
    club_kind = Quota(name="files", label="x", seed=1, window_s=60.0, of=CLUB)
    with pytest.raises(ValueError, match="one of a club"):
        check_and_increment_quota(alice, club_kind, at=AT)
    with pytest.raises(ValueError, match="two kinds"):
        Quota(name="files", label="x", seed=2, window_s=60.0, of=CLUB)


def test_the_default_plan_is_seeded_once_and_its_rows_win(db, settings):
    settings.ROOMS_A_DAY = 7
    Plan.objects.create(name="Padrão")  # an admin's own plan of that name
    assert [seed_default_plan(), seed_default_plan()] == [2, 0]
    plan = Plan.objects.get(is_default=True)
    assert plan.name == "Padrão 2"
    rule = plan.rules.get(kind="rooms")
    assert (rule.limit, rule.window, rule.seeded_limit) == (7, DAY, 7)

    rule.limit = 9
    rule.save()
    assert list(ineffective_settings()) == []
    settings.ROOMS_A_DAY = 50
    assert seed_default_plan() == 0
    assert QuotaRule.objects.get(kind="rooms").limit == 9
    assert list(ineffective_settings()) == [
        "ROOMS_A_DAY=50 has no effect: the default plan allows 9 (rooms); change it in the admin, "
        "under plans"
    ]


def test_a_new_kind_is_seeded_into_an_existing_default_plan(db):
    seed_default_plan()
    Quota(name="new", label="x", seed=3, window_s=60.0)
    assert seed_default_plan() == 1
    assert QuotaRule.objects.get(kind="new").window == timedelta(minutes=1)


def test_usage_lists_all_kinds_of_a_user_with_two_queries(alice, kinds, django_assert_num_queries):
    seed_default_plan()
    give_plan(alice, ten=2)
    uses(alice, kinds["ten"], tries=5)
    with django_assert_num_queries(2):
        rows = quota_usage(alice, at=AT + HOUR)

    assert [(row.kind.name, row.limit, row.used, row.resets_at) for row in rows] == [
        ("rooms", 20, 0, None),
        ("ten", 2, 2, AT + DAY),
    ]
    later = {row.kind.name: row for row in quota_usage(alice, at=AT + DAY)}["ten"]
    assert (later.used, later.resets_at) == (0, None)


# The admin -------------------------------------------------------------------------------------


def faults_of(row):
    try:
        row.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, {}),
        ({"kind": "romes"}, {"kind": ["Este tipo não existe. Use um destes: held, rooms, ten."]}),
        ({"limit": -1}, {"limit": ["Certifique-se que este valor seja maior ou igual a 0."]}),
        ({"window": timedelta(0)}, {"window": ["A janela tem de 1 segundo a 366 dias."]}),
        ({"window": timedelta(days=367)}, {"window": ["A janela tem de 1 segundo a 366 dias."]}),
        ({"window": None}, {"window": ["A janela tem de 1 segundo a 366 dias."]}),
        ({"kind": "held"}, {"window": ["Este tipo não tem janela: deixe vazio."]}),
        ({"kind": "held", "window": None, "limit": 11}, {"limit": ["O máximo é 10."]}),
        ({"kind": "held", "window": None, "limit": 10}, {}),
    ],
)
def test_rules_are_checked(db, fields, refused):
    Quota(name="held", label="x", seed=1, of=CLUB, held="clubs.clubmember", most=10)
    plan = Plan.objects.create(name="x")
    rule = QuotaRule(**{"plan": plan, "kind": "ten", "limit": 5, "window": DAY} | fields)
    assert faults_of(rule) == refused


def test_admins_edit_rules_and_cannot_delete_the_default_plan(admin_client, ten):
    seed_default_plan()
    AuditEntry.objects.all().delete()
    plan = Plan.objects.get()
    path = f"/admin/core/plan/{plan.pk}/"
    form = {"name": plan.name, "rules-INITIAL_FORMS": 2, "rules-TOTAL_FORMS": 2}
    for number, rule in enumerate(plan.rules.all()):
        fields = {"id": rule.pk, "plan": plan.pk, "kind": rule.kind, "window": "1 00:00:00"}
        form |= {f"rules-{number}-{name}": value for name, value in fields.items()}
        form[f"rules-{number}-limit"] = 4 if rule.kind == "ten" else rule.limit

    assert admin_client.post(f"{path}change/", form).status_code == 302
    assert plan.rules.get(kind="ten").limit == 4
    entries = AuditEntry.objects.values_list("way", "model", "fields", "changes")
    assert list(entries) == [("admin", "core.quotarule", ["limit"], {"limit": [10, 4]})]

    refused = admin_client.post(f"{path}change/", form | {"rules-0-kind": "romes"})
    assert "Use um destes: rooms, ten." in refused.content.decode()
    assert admin_client.post(f"{path}delete/", {"post": "yes"}).status_code == 403
