"""Prints what python-gitlab, as it is on PyPI, reads of a fleet: one list of runners for each question."""

import json
import os
import sys

import gitlab

client = gitlab.Gitlab(os.environ["SIM_URL"], private_token=os.environ["SIM_TOKEN"], per_page=100)


def numbers(manager, **filters):
    return sorted({runner.id for runner in manager.list(iterator=True, **filters)})


details = {}


def detail(number):
    if number not in details:
        runner = client.runners.get(number).attributes
        # The names of ours; the list of projects without an order.
        details[number] = {
            **{
                name: runner[name]
                for name in (
                    "id",
                    "description",
                    "run_untagged",
                    "paused",
                    "locked",
                    "access_level",
                    "maximum_timeout",
                    "maintenance_note",
                )
            },
            "tag_list": sorted(runner["tag_list"]),
            "projects": sorted(one["path_with_namespace"] for one in runner["projects"]),
        }
        details[number]["groups"] = [one["web_url"] for one in runner["groups"]]
    return details[number]


def at_home(list_of_numbers, group):
    """Those of a list that live in that group: GitLab lists those of groups above as well."""
    return [one for one in list_of_numbers if any(url.endswith("/groups/" + group) for url in detail(one)["groups"])]


everything = client.runners_all
platform = client.groups.get(31)
tools = client.groups.get(32)
build = client.projects.get(41)
answers = {
    "all": numbers(everything),
    "owned": numbers(client.runners),
    "group": at_home(numbers(platform.runners, type="group_type"), "platform"),
    "subgroup": at_home(numbers(tools.runners, type="group_type"), "platform/tools"),
    # The owner is who has it alone; those that docs owns have two projects.
    "project": [
        one
        for one in numbers(build.runners, type="project_type")
        if detail(one)["projects"] == ["platform/tools/build"]
    ],
    "all tagged": numbers(everything, tag_list=["linux", "size 3"]),
    "all groups": numbers(everything, type="group_type"),
    "all stale": numbers(everything, status="stale"),
    "all new": numbers(everything, status="never_contacted"),
    "all paused": numbers(everything, paused=True),
    "all unpaused": numbers(everything, paused=False),
    "all of 17": numbers(everything, version_prefix="17"),
}
json.dump(
    {
        question: [{name: value for name, value in detail(one).items() if name != "groups"} for one in found]
        for question, found in answers.items()
    },
    sys.stdout,
)
