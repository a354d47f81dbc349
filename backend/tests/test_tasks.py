"""What users do with tasks, one by one."""

from uuid import UUID

from backend.tests.people import Person


def test_a_created_task_is_listed(alice: Person) -> None:
    created = alice.create("Buy milk")
    assert alice.titles() == ["Buy milk"]
    assert UUID(created["id"]).version == 7
    assert created["user_id"] == alice.subject
    assert created["version"] == 1


def test_nobody_sees_the_tasks_of_another(alice: Person, bob: Person) -> None:
    created = alice.create("A secret")
    assert bob.titles() == []
    assert bob.client.get(f"/api/tasks/{created['id']}").status_code == 404
