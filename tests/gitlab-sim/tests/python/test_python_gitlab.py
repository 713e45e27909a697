"""Runs python-gitlab, as it is on PyPI, against the stand-in.

Needs the addresses of a running one in SIM_URL and SIM_CONTROL_URL; `cargo test` sees to that.
"""

import json
import os
import unittest
import urllib.request

import gitlab
from gitlab import exceptions
from gql.transport.exceptions import TransportQueryError

URL = os.environ["SIM_URL"]
CONTROL = os.environ["SIM_CONTROL_URL"]

ROOT = "glpat-root-of-python"
ALICE = "glpat-alice-of-python"
NARROW = "glpat-alice-narrow-py"


def control(method, path, body=None):
    """Plays with the stand-in behind GitLab's back."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def client(token, **options):
    return gitlab.Gitlab(URL, private_token=token, **options)


class Story(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        control("POST", "/reset")
        control("POST", "/clock", "real")
        self.root = client(ROOT)
        self.alice = client(ALICE)

    def refused(self, kind, status, message):
        """The exact status and message of a refusal."""
        test = self

        class Refused:
            def __enter__(self):
                return self

            def __exit__(self, type_, error, _traceback):
                test.assertIsInstance(error, kind)
                test.assertEqual((error.response_code, error.error_message), (status, message))
                return True

        return Refused()

    def create(self, by=None, **fields):
        by = by or self.root
        if by.user is None:
            by.auth()
        return by.user.runners.create({"runner_type": "instance_type", **fields})

    def project(self, by=None, path="acme/tools/app"):
        return (by or self.root).projects.get(path)


class Sessions(Story):
    def test_who_am_i(self):
        self.alice.auth()
        self.assertEqual(self.alice.user.username, "alice")
        self.root.auth()
        self.assertTrue(self.root.user.is_admin)

    def test_version(self):
        self.assertEqual(self.alice.version(), ("19.5.2-ee", "c3f0e8a91b4"))
        metadata = self.alice.http_get("/metadata")
        self.assertEqual((metadata["version"], metadata["enterprise"]), ("19.5.2-ee", True))

    def test_the_token_tells_about_itself(self):
        token = client(NARROW).personal_access_tokens.get("self")
        self.assertEqual((token.name, token.active, token.revoked), ("alice-narrow", True, False))
        self.assertEqual(token.scopes, ["create_runner", "manage_runner"])

    def test_a_rotated_token_replaces_the_old_one(self):
        token = self.alice.personal_access_tokens.get("self")
        token.rotate(self_rotate=True)
        self.assertEqual(client(token.token).personal_access_tokens.get("self").name, "alice-api")
        with self.refused(exceptions.GitlabAuthenticationError, 401, "invalid_token"):
            self.alice.http_get("/user")

    def test_bad_tokens(self):
        for token, message in [
            ("glpat-nobody", "401 Unauthorized"),
            ("glpat-alice-expired-p", "invalid_token"),
            ("glpat-alice-revoked-p", "invalid_token"),
        ]:
            with self.subTest(token), self.refused(exceptions.GitlabAuthenticationError, 401, message):
                client(token).auth()

    def test_oauth_and_bearer(self):
        bearer = gitlab.Gitlab(URL, oauth_token=ALICE)
        bearer.auth()
        self.assertEqual(bearer.user.username, "alice")

    def test_narrow_tokens_create_and_manage_but_do_not_list(self):
        narrow = client(NARROW)
        group = self.alice.groups.get("acme")
        made = narrow.http_post(
            "/user/runners", post_data={"runner_type": "group_type", "group_id": group.id}
        )
        self.assertEqual(narrow.runners.get(made["id"]).runner_type, "group_type")
        with self.refused(exceptions.GitlabListError, 403, "insufficient_scope"):
            narrow.runners.list()
        with self.refused(exceptions.GitlabHttpError, 403, "insufficient_scope"):
            narrow.http_get("/version")


class Runners(Story):
    def test_create_get_update_pause_delete(self):
        made = self.create(
            description="one", tag_list=["b", "a"], maximum_timeout=3600, maintenance_note="mine"
        )
        self.assertTrue(made.token.startswith("glrt-"))
        self.assertIsNone(made.token_expires_at)
        runner = self.root.runners.get(made.id)
        self.assertEqual(
            (runner.description, sorted(runner.tag_list), runner.maximum_timeout, runner.status),
            ("one", ["a", "b"], 3600, "never_contacted"),
        )
        self.assertEqual((runner.paused, runner.run_untagged, runner.locked), (False, True, False))
        self.assertEqual(runner.maintenance_note, "mine")
        self.assertEqual((runner.projects, runner.groups), ([], []))

        runner.description = "two"
        runner.tag_list = ["x"]
        runner.save()
        self.root.runners.update(made.id, {"paused": True})
        again = self.root.runners.get(made.id)
        self.assertEqual((again.description, again.tag_list, again.paused), ("two", ["x"], True))
        self.assertFalse(again.active)

        again.delete()
        with self.refused(exceptions.GitlabGetError, 404, "404 Runner Not Found"):
            self.root.runners.get(made.id)
        with self.refused(exceptions.GitlabDeleteError, 404, "404 Runner Not Found"):
            self.root.runners.delete(made.id)

    def test_bad_creations(self):
        group = self.alice.groups.get("acme")
        for fields, message in [
            (
                {"runner_type": "nonsense"},
                "runner_type does not have a valid value",
            ),
            ({"runner_type": "group_type"}, "group_id is missing"),
            ({"runner_type": "project_type", "project_id": 99}, "400 Bad request - Missing/invalid project"),
            (
                {"runner_type": "group_type", "group_id": group.id, "run_untagged": False},
                "400 Bad request - Tags list can not be empty when runner is not allowed to pick untagged jobs",
            ),
        ]:
            with self.subTest(message), self.refused(exceptions.GitlabCreateError, 400, message):
                self.create(self.alice, **fields)
        with self.refused(
            exceptions.GitlabCreateError, 403, "403 Forbidden - Insufficient permissions"
        ):
            self.create(self.alice)

    def test_bad_updates(self):
        made = self.create()
        with self.refused(
            exceptions.GitlabUpdateError,
            400,
            {"tags_list": ["can not be empty when runner is not allowed to pick untagged jobs"]},
        ):
            self.root.runners.update(made.id, {"run_untagged": False})
        with self.refused(exceptions.GitlabUpdateError, 403, "403 Forbidden - No access granted"):
            self.alice.runners.update(made.id, {"paused": True})

    def test_lists_and_filters(self):
        group = self.root.groups.get("acme")
        app = self.project()
        instance = self.create(tag_list=["a", "b"])
        in_group = self.create(runner_type="group_type", group_id=group.id, tag_list=["a"])
        in_project = self.create(runner_type="project_type", project_id=app.id, paused=True)

        def ids(runners):
            return [runner.id for runner in runners]

        every = [instance.id, in_group.id, in_project.id]
        self.assertEqual(ids(self.root.runners_all.list(get_all=True)), every)
        self.assertEqual(ids(self.root.runners.all(get_all=True)), every)
        self.assertEqual(ids(self.alice.runners.list(get_all=True)), every[1:])
        for filters, found in [
            ({"type": "group_type"}, [in_group.id]),
            ({"paused": True}, [in_project.id]),
            ({"status": "never_contacted"}, every),
            ({"status": "online"}, []),
            ({"tag_list": ["a", "b"]}, [instance.id]),
            ({"tag_list": ["a"]}, [instance.id, in_group.id]),
            ({"scope": "shared"}, [instance.id]),
        ]:
            with self.subTest(filters):
                self.assertEqual(ids(self.root.runners_all.list(get_all=True, **filters)), found)
        with self.refused(exceptions.GitlabListError, 400, "Scope contains invalid value"):
            self.alice.runners.list(scope="specific")
        with self.refused(exceptions.GitlabListError, 403, "403 Forbidden"):
            self.alice.runners_all.list()

        alices_group = self.alice.groups.get("acme")
        self.assertEqual(ids(alices_group.runners.list(get_all=True)), [instance.id, in_group.id])
        alices_project = self.project(self.alice)
        self.assertEqual(ids(alices_project.runners.list(get_all=True)), every)

    def test_pages(self):
        made = [self.create(description=str(number)).id for number in range(45)]
        page = self.root.runners_all.list(per_page=20, iterator=True)
        self.assertEqual(
            (page.current_page, page.prev_page, page.next_page, page.per_page, page.total_pages, page.total),
            (1, None, 2, 20, 3, 45),
        )
        second = self.root.runners_all.list(page=2, per_page=20)
        self.assertEqual([runner.id for runner in second], made[20:40])
        everything = self.root.runners_all.list(get_all=True)
        self.assertEqual([runner.id for runner in everything], made)
        one_by_one = self.root.runners_all.list(iterator=True, per_page=7)
        self.assertEqual([runner.id for runner in one_by_one], made)
        self.assertEqual(self.root.runners_all.list(page=9), [])

    def test_assign_and_unassign(self):
        app, web = self.project(self.alice), self.project(self.alice, "acme/tools/web")
        made = self.create(self.alice, runner_type="project_type", project_id=app.id)
        web.runners.create({"runner_id": made.id})
        self.assertEqual(
            [project["id"] for project in self.alice.runners.get(made.id).projects], [app.id, web.id]
        )
        with self.refused(
            exceptions.GitlabCreateError,
            400,
            "Assign to Validation failed: Runner projects runner has already been taken - runner_error",
        ):
            web.runners.create({"runner_id": made.id})
        with self.refused(
            exceptions.GitlabDeleteError,
            403,
            "403 Forbidden - Runner associated with more than one project",
        ):
            self.alice.runners.delete(made.id)
        with self.refused(
            exceptions.GitlabDeleteError,
            403,
            # Who is no administrator is not told that it is the owner project.
            "403 Forbidden - No access granted",
        ):
            app.runners.delete(made.id)
        web.runners.delete(made.id)
        with self.refused(exceptions.GitlabDeleteError, 404, "404 Runner Not Found"):
            web.runners.delete(made.id)
        self.alice.runners.delete(made.id)

        locked = self.create(
            self.alice, runner_type="project_type", project_id=app.id, locked=True
        )
        with self.refused(exceptions.GitlabCreateError, 403, "403 Forbidden - Runner is locked"):
            web.runners.create({"runner_id": locked.id})
        grouped = self.create(
            self.alice, runner_type="group_type", group_id=self.alice.groups.get("acme").id
        )
        with self.refused(
            exceptions.GitlabCreateError, 403, "403 Forbidden - Runner is a group runner"
        ):
            web.runners.create({"runner_id": grouped.id})

    def test_tokens_are_verified_and_reset(self):
        made = self.create()
        self.root.runners.verify(made.token)
        reset = self.root.http_post(f"/runners/{made.id}/reset_authentication_token")
        self.assertNotEqual(reset["token"], made.token)
        with self.refused(exceptions.GitlabVerifyError, 403, "403 Forbidden"):
            self.root.runners.verify(made.token)
        with self.refused(exceptions.GitlabHttpError, 400, "token is missing"):
            self.root.http_post("/runners/verify")
        own = gitlab.Gitlab(URL).http_post(
            "/runners/reset_authentication_token", post_data={"token": reset["token"]}
        )
        gitlab.Gitlab(URL).http_delete("/runners", query_data={"token": own["token"]})
        with self.refused(exceptions.GitlabGetError, 404, "404 Runner Not Found"):
            self.root.runners.get(made.id)

    def test_registration_tokens(self):
        made = self.root.runners.create({"token": "GR1348941app", "tag_list": ["a"], "info": {"name": "n"}})
        runner = self.root.runners.get(made.id)
        self.assertEqual((runner.runner_type, runner.name, runner.tag_list), ("project_type", "n", ["a"]))
        with self.refused(
            exceptions.GitlabCreateError, 403, "403 Forbidden - invalid token supplied"
        ):
            self.root.runners.create({"token": "nonsense"})
        control("POST", "/command", {"do": "settings", "set": {"allow_runner_registration_token": False}})
        with self.refused(
            exceptions.GitlabCreateError, 410, "410 Gone - runner registration disallowed"
        ):
            self.root.runners.create({"token": "GR1348941app"})

    def test_jobs(self):
        app = self.project()
        made = self.create(runner_type="project_type", project_id=app.id)
        job = control("POST", "/command", {"do": "queue_job", "project": app.id})["id"]
        control("POST", "/command", {"do": "take_job", "runner": made.id})
        runner = self.root.runners.get(made.id)
        self.assertEqual((runner.status, runner.job_execution_status), ("online", "active"))
        self.assertEqual([job.id for job in runner.jobs.list(status="running")], [job])
        control("POST", "/command", {"do": "finish_job", "job": job})
        self.assertEqual(runner.jobs.list(status="running"), [])

    def test_an_online_runner_goes_offline_and_stale_with_time(self):
        control("POST", "/clock", "freeze")
        made = self.create()
        control("POST", "/command", {"do": "contact", "runner": made.id})
        for move, status in [("0s", "online"), ("2h", "offline"), ("7d", "stale")]:
            days = int(move[:-1]) * 24 if move.endswith("d") else None
            control("POST", "/clock", {"advance": f"{days}h" if days else move})
            self.assertEqual(self.root.runners.get(made.id).status, status)


class Faults(Story):
    def fault(self, fault, **rule):
        return control("POST", "/faults", {"path": "/api/v4/user", "fault": fault, **rule})["id"]

    def test_a_throttled_client_tries_again(self):
        self.fault({"throttle": {"retryAfter": 0}}, times=2)
        self.alice.auth()
        statuses = [request["status"] for request in control("GET", "/requests")]
        self.assertEqual(statuses, [429, 429, 200])

    def test_a_throttle_that_is_not_obeyed_is_an_error(self):
        self.fault({"throttle": {"retryAfter": 60}})
        with self.refused(exceptions.GitlabHttpError, 429, "Retry later\n"):
            self.alice.http_get("/user", obey_rate_limit=False)

    def test_a_proxy_is_no_gitlab(self):
        self.fault({"proxy": {"status": 502}})
        with self.assertRaises(exceptions.GitlabHttpError) as raised:
            self.alice.http_get("/user")
        self.assertEqual(raised.exception.response_code, 502)
        self.assertIn(b"<html>", raised.exception.response_body)

    def test_a_login_page_with_200_is_not_json(self):
        self.fault({"proxy": {"status": 200}})
        with self.assertRaises(exceptions.GitlabParsingError):
            self.alice.auth()

    def test_a_cut_connection_is_an_error(self):
        self.fault("drop")
        with self.assertRaises(Exception) as raised:
            self.alice.http_get("/user")
        self.assertIn("Connection aborted", str(raised.exception))


class GraphQL(Story):
    def test_the_graphql_client_reads_runners(self):
        made = self.create(tag_list=["a"])
        with gitlab.GraphQL(URL, token=ROOT) as graphql:
            found = graphql.execute("query { runners { nodes { id tagList status } } }")
        self.assertEqual(
            found["runners"]["nodes"],
            [{"id": f"gid://gitlab/Ci::Runner/{made.id}", "tagList": ["a"], "status": "NEVER_CONTACTED"}],
        )

    def test_a_bad_token_is_refused(self):
        with gitlab.GraphQL(URL, token="glpat-nobody") as graphql:
            # The library under python-gitlab reads the body before the status, which is 401.
            with self.assertRaisesRegex(TransportQueryError, "Invalid token"):
                graphql.execute("query { currentUser { username } }")


if __name__ == "__main__":
    unittest.main(verbosity=2)
