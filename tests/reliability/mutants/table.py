"""Every planted bug, and the one test that must catch it: a bug that none can name is a promise nobody checks."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.reliability.mutants import clock, store, uplink
from tests.site import mutants as site

Planting = Callable[[], contextlib.AbstractContextManager[None]]

CUTS = "tests/reliability/test_cuts.py::test_a_few_lives_keep_every_promise"
OUTBOX = "tests/agent/outbox/test_outbox.py::"
DAMAGE = "tests/agent/outbox/test_damage.py::"
PROMISES = "tests/reliability/test_promises.py::"
STORIES = "tests/site/test_stories.py::"
TIMELINE = "tests/agent/clock/test_timeline.py::"
TWO_PATHS = "tests/agent/uplink/test_two_paths.py::"
WRONG_CLOCK = "tests/agent/uplink/test_wrong_clock.py::"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug, and the test that fails while it is there."""

    planted: Planting
    test: str


def _table(*rows: tuple[Planting, str]) -> dict[str, Mutant]:
    return {planting.__name__: Mutant(planting, test) for planting, test in rows}


MUTANTS = _table(
    # --- the wire ---
    (
        site.guard_window_is_zero,
        "tests/drivers/test_line.py::test_a_reply_within_the_guard_window_never_answers_the_next_request",
    ),
    (
        site.checksum_is_not_checked,
        "tests/drivers/test_rtu.py::test_a_whole_reply_with_a_wrong_checksum_is_hopeless_at_once",
    ),
    (
        site.transaction_id_is_not_compared,
        "tests/drivers/test_mbap.py::test_replies_to_other_requests_are_passed_over",
    ),
    (
        site.one_dead_unit_takes_its_line_along,
        STORIES + "test_a_device_pulled_off_is_lost_and_its_neighbours_go_on",
    ),
    (
        site.silence_is_normal,
        STORIES + "test_a_port_that_vanishes_takes_its_devices_along_and_brings_them_back",
    ),
    # --- what it means ---
    (
        site.bad_reading_clears,
        "tests/agent/alarms/test_one_key_alarm.py"
        "::test_a_bad_reading_neither_presses_nor_releases_and_is_told_after_ten_seconds",
    ),
    (
        site.alarm_state_is_forgotten_at_a_restart,
        STORIES + "test_a_latched_alarm_survives_a_kill_until_somebody_resets_it",
    ),
    (
        site.state_moves_though_the_disk_refuses,
        STORIES + "test_a_disk_that_refuses_for_a_while_loses_no_alarm_and_is_told",
    ),
    # --- the store ---
    (store.fsync_is_left_out, CUTS),
    (store.accepted_before_it_is_written, CUTS),
    (store.state_is_stored_before_its_record, CUTS),
    (store.telemetry_stays_in_memory, CUTS),
    (store.the_damaged_one_steps_aside_before_the_new_one_is_whole, CUTS),
    (
        site.sequence_is_used_again_after_a_restart,
        OUTBOX + "test_a_sequence_is_never_used_again_also_when_every_row_was_deleted",
    ),
    (store.telemetry_goes_first, OUTBOX + "test_alarms_come_before_events_before_telemetry_and_the_oldest_first"),
    (store.alarms_are_dropped_first, OUTBOX + "test_a_full_outbox_drops_telemetry_before_events_before_alarms"),
    (
        store.a_drop_is_not_told,
        OUTBOX + "test_every_drop_is_told_in_the_same_transaction_with_what_was_lost",
    ),
    (store.a_sequence_of_another_store_confirms, OUTBOX + "test_a_confirmation_of_another_store_deletes_nothing"),
    (
        store.salvage_is_skipped,
        DAMAGE + "test_what_stands_before_and_behind_a_damaged_page_is_salvaged_with_the_states",
    ),
    (
        store.set_aside_is_not_told,
        DAMAGE + "test_the_report_of_a_set_aside_store_survives_a_restart_before_it_could_be_made",
    ),
    # --- the uplink ---
    (
        site.confirmed_before_it_is_published,
        STORIES + "test_a_silent_broker_is_given_up_and_what_it_did_not_confirm_comes_again",
    ),
    (
        uplink.a_refusal_counts_as_a_confirmation,
        STORIES + "test_a_broker_that_refuses_one_topic_gets_the_others_at_once_and_that_one_later",
    ),
    (
        site.newest_record_goes_first_and_the_others_never,
        "tests/agent/uplink/test_scripted.py::test_only_what_was_confirmed_leaves_when_the_link_dies_half_way",
    ),
    (
        site.window_of_the_broker_is_ignored,
        PROMISES + "test_a_backlog_never_has_more_under_way_than_the_broker_allows",
    ),
    (
        site.states_are_said_once_and_never_again,
        PROMISES + "test_a_broker_that_forgot_everything_is_shown_every_device_again",
    ),
    (
        uplink.what_is_under_way_when_a_link_breaks_counts_as_delivered,
        STORIES + "test_a_silent_broker_is_given_up_and_what_it_did_not_confirm_comes_again",
    ),
    (
        uplink.the_broker_s_word_is_enough_under_platform,
        PROMISES + "test_an_alarm_stays_until_the_platform_itself_says_that_it_has_it",
    ),
    (
        uplink.what_the_platform_does_not_confirm_is_sent_once,
        PROMISES + "test_an_alarm_that_the_platform_does_not_confirm_is_sent_again",
    ),
    (
        uplink.a_store_s_name_is_not_compared,
        PROMISES + "test_a_platform_that_speaks_of_another_store_confirms_nothing",
    ),
    (
        uplink.a_retained_command_is_obeyed,
        PROMISES + "test_an_order_that_lay_at_the_broker_is_refused_and_not_done",
    ),
    (
        uplink.a_command_is_done_as_often_as_it_comes,
        PROMISES + "test_what_the_platform_orders_is_done_once_however_often_it_comes",
    ),
    (
        uplink.nobody_is_told_of_an_alarm_that_is_not_confirmed,
        "tests/site/test_sounder.py"
        "::test_a_press_without_a_broker_sounds_after_thirty_seconds_and_is_silent_when_it_got_through",
    ),
    (
        uplink.the_second_way_is_never_taken,
        TWO_PATHS + "test_states_stand_at_the_broker_of_the_way_that_alarms_go_by",
    ),
    (
        uplink.the_loss_of_a_way_is_not_told,
        TWO_PATHS + "test_the_loss_of_the_second_way_is_told_by_the_first_and_says_nothing_of_the_gateway",
    ),
    (
        uplink.an_expired_certificate_is_taken_while_the_clock_is_wrong,
        WRONG_CLOCK + "test_a_certificate_that_had_expired_at_the_last_good_time_is_refused_in_words",
    ),
    # --- the clock ---
    (
        clock.the_floor_follows_the_clock_down,
        TIMELINE + "test_the_floor_is_never_lowered_and_never_above_what_a_synchronised_clock_showed",
    ),
    (
        site.every_clock_is_believed,
        TIMELINE + "test_the_floor_is_never_lowered_and_never_above_what_a_synchronised_clock_showed",
    ),
    (
        clock.an_anchor_of_another_boot_tells_the_time,
        TIMELINE + "test_it_tells_nothing_of_another_boot_of_the_machine",
    ),
)
