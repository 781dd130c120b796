from mainapp.accounts.fanout.circles import MAX_NAMED, MAX_NAMED_OPEN, Online, View, VisiblePerson

GROUP, FORUM = ("private-room", 1), ("forum-room", 2)


def person(pk, *circles):
    return VisiblePerson(id=pk, name=str(pk), avatar=None, circles=frozenset(circles))


def online(*people):
    everyone = Online()
    everyone.apply((), {each.id: each for each in people})
    return everyone


def view(**fields):
    return View(user_id=1, private=frozenset([GROUP]), open=frozenset([FORUM]), **fields)


def test_only_people_of_the_seen_circles_are_named_and_all_counted():
    everyone = online(person(1, GROUP), person(2, GROUP), person(3, FORUM), person(4, ("x", 1)))

    assert everyone.named_for(view()) == {2, 3}
    assert everyone.count_for(view()) == 4


def test_those_who_block_the_reader_are_neither_named_nor_counted():
    everyone = online(person(2, GROUP), person(3, GROUP))
    reader = view(blocked_by=frozenset([2, 99]))

    assert (everyone.named_for(reader), everyone.count_for(reader)) == ({3}, 1)


def test_a_full_list_keeps_its_people_and_has_room_for_private_circles():
    forum = [person(pk, FORUM) for pk in range(1000, 2000)]
    everyone = online(*forum)
    named = everyone.named_for(view())
    assert len(named) == MAX_NAMED_OPEN

    friends = {pk: person(pk, GROUP) for pk in range(2, 2 + MAX_NAMED)}
    everyone.apply((), friends)
    more = everyone.named_for(view(), named)
    assert named < more
    assert len(more) == MAX_NAMED
    assert more - named <= friends.keys()


def test_apply_returns_the_changed_circles_and_leaves_no_empty_one():
    everyone = online(person(2, GROUP, FORUM), person(3, FORUM))

    assert everyone.apply([2], {}) == {GROUP, FORUM}
    assert everyone.by_circle == {FORUM: {3}}
    assert everyone.apply((), {3: None}) == {FORUM}
    assert (everyone.people, everyone.by_circle) == ({}, {})
    assert everyone.apply([99], {}) == frozenset()
