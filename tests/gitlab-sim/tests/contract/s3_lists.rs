//! Contract §3.1, §3.2, §3.10, §3.11.
use gitlab_sim::Version;
use serde_json::json;

use crate::covers::covers;
use crate::harness::{Any, Ids, Sim, case, error, get, message, run};

#[test]
fn s3_1_runners_available_to_the_user() {
    let _covers = covers("3.1", "19");
    let list = |who: &str| get("/runners").by(who);
    run(vec![
        case(
            "a group's Owner: its runners, subgroups' and projects'; never the instance's",
            list("owner"),
            200,
            Ids(vec![2, 3, 4, 5]),
        ),
        case(
            "a group's Maintainer: project runners only",
            list("maint"),
            200,
            Ids(vec![3, 4]),
        ),
        case(
            "a project's Maintainer",
            list("webmaint"),
            200,
            Ids(vec![3, 4]),
        ),
        case(
            "a Maintainer of one of two projects",
            list("buildmaint"),
            200,
            Ids(vec![4]),
        ),
        case("a Developer", list("dev"), 200, Ids(vec![])),
        case(
            "an administrator, a member of nothing",
            list("root"),
            200,
            Ids(vec![]),
        ),
        case(
            "type",
            get("/runners?type=group_type").by("owner"),
            200,
            Ids(vec![2, 5]),
        ),
        case(
            "3.1 a blank `paused` is none",
            get("/runners?paused=").by("owner"),
            200,
            Ids(vec![2, 3, 4]),
        )
        .given(|sim| sim.edit(5, json!({ "paused": true }))),
        case(
            "filters combine",
            get("/runners?type=group_type&tag_list=a").by("owner"),
            200,
            Ids(vec![2]),
        ),
    ]);
    let scope = |word: &str| get(&format!("/runners?scope={word}")).by("owner");
    let mut rows = Vec::new();
    for word in [
        "active",
        "paused",
        "online",
        "offline",
        "never_contacted",
        "stale",
    ] {
        rows.push(case("3.1 an allowed scope", scope(word), 200, Any));
    }
    for word in [
        "specific",
        "shared",
        "instance_type",
        "group_type",
        "project_type",
    ] {
        let refused = message("Scope contains invalid value");
        rows.push(case(
            "3.1 1.3 declared, but refused",
            scope(word),
            400,
            refused,
        ));
    }
    rows.push(case(
        "3.1 1.3 not declared",
        scope("none"),
        400,
        error("scope does not have a valid value"),
    ));
    rows.push(case(
        "type",
        get("/runners?type=x").by("owner"),
        400,
        error("type does not have a valid value"),
    ));
    rows.push(case(
        "status",
        get("/runners?status=x").by("owner"),
        400,
        error("status does not have a valid value"),
    ));
    run(rows);
}

#[test]
fn s3_1_version_prefix() {
    let _covers = covers("3.1", "15.11 19");
    fn versions(sim: &mut Sim) {
        for (runner, system_id, version) in [
            (1, "a", "16.1.1"),
            (2, "a", "16.11.0"),
            (3, "a", "15.0.3"),
            (4, "a", "16.1.1"),
            (4, "b", "16.1.1"),
        ] {
            sim.command(json!({"do": "contact", "runner": runner, "manager": {
                "system_id": system_id, "version": version}}));
        }
    }
    let list = |prefix: &str| get(&format!("/runners/all?version_prefix={prefix}")).by("root");
    let rows = vec![
        case(
            "major; once per manager that matches",
            list("16"),
            200,
            Ids(vec![1, 2, 4, 4]),
        ),
        case("minor", list("16.1"), 200, Ids(vec![1, 4, 4])),
        case("minor", list("15.0"), 200, Ids(vec![3])),
        case("all three parts", list("16.11.0"), 200, Ids(vec![2])),
        case("no part of a part", list("1"), 200, Ids(vec![])),
        case("form", list("V15"), 400, error("version_prefix is invalid")),
        case(
            "before 16.x it was not declared",
            list("V15"),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        )
        .version(Version::V15_11),
    ];
    run(rows.into_iter().map(|row| row.given(versions)).collect());
}

#[test]
fn s3_2_all_runners() {
    let _covers = covers("3.2", "17 19");
    let scope = |word: &str| get(&format!("/runners/all?scope={word}")).by("root");
    run(vec![
        case(
            "an administrator",
            get("/runners/all").by("root"),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        ),
        case(
            "an auditor, since NEW",
            get("/runners/all").by("auditor"),
            200,
            Ids(vec![1, 2, 3, 4, 5]),
        ),
        case(
            "an auditor, before",
            get("/runners/all").by("auditor"),
            403,
            message("403 Forbidden"),
        )
        .version(Version::V17),
        case(
            "others",
            get("/runners/all").by("owner"),
            403,
            message("403 Forbidden"),
        ),
        case("specific", scope("specific"), 200, Ids(vec![2, 3, 4, 5])),
        case("shared", scope("shared"), 200, Ids(vec![1])),
        case(
            "nonsense",
            scope("none"),
            400,
            error("scope does not have a valid value"),
        ),
        case(
            "type",
            get("/runners/all?type=project_type").by("root"),
            200,
            Ids(vec![3, 4]),
        ),
    ]);
}

#[test]
fn s3_10_a_projects_runners() {
    let _covers = covers("3.10", "17 19");
    let list = |who: &str| get("/projects/21/runners").by(who);
    run(vec![
        case("its own, all ancestors', the instance's", list("maint"), 200, Ids(vec![1, 2, 4, 5])),
        case("by path", get("/projects/platform%2Ftools%2Fbuild/runners").by("maint"), 200, Ids(vec![1, 2, 4, 5])),
        case("a Developer", list("dev"), 403, message("403 Forbidden")),
        case("an auditor, since NEW", list("auditor"), 200, Any),
        case("an auditor, before", list("auditor"), 403, message("403 Forbidden")).version(Version::V17),
        case("a stranger to a private project", list("stranger"), 404, message("404 Project Not Found")),
        case("a stranger to a public project", get("/projects/23/runners").by("stranger"), 403, message("403 Forbidden")),
        case("specific", get("/projects/21/runners?scope=specific").by("maint"), 200, Ids(vec![2, 4, 5])),
        case("shared", get("/projects/21/runners?scope=shared").by("maint"), 200, Ids(vec![1])),
        case("without group runners", list("maint"), 200, Ids(vec![1, 4])).given(|sim| {
            sim.command(json!({"do": "set_project", "project": 21, "settings": {"group_runners_enabled": false}}));
        }),
        case("without instance runners", list("maint"), 200, Ids(vec![2, 4, 5])).given(|sim| {
            sim.command(json!({"do": "set_project", "project": 21, "settings": {"shared_runners_enabled": false}}));
        }),
        case("1.3 the project before the parameters", get("/projects/99/runners?type=x").by("root"), 404, message("404 Project Not Found")),
        case("1.3 the rights too", get("/projects/21/runners?type=x").by("dev"), 403, message("403 Forbidden")),
        case("a user's own project", get("/projects/24/runners").by("stranger"), 200, Ids(vec![1])),
    ]);
}

#[test]
fn s3_11_a_groups_runners() {
    let _covers = covers("3.11 11", "all");
    let list = |who: &str| get("/groups/11/runners").by(who);
    run(vec![
        case("its own, ancestors', the instance's", list("owner"), 200, Ids(vec![1, 2, 5])),
        case("descendants' are not included", get("/groups/10/runners").by("owner"), 200, Ids(vec![1, 2])),
        case("by path", get("/groups/platform%2Ftools/runners").by("owner"), 200, Ids(vec![1, 2, 5])),
        case("project_type is accepted and empty", get("/groups/11/runners?type=project_type").by("owner"), 200, Ids(vec![])),
        case("scope is ignored", get("/groups/11/runners?scope=none").by("owner"), 200, Ids(vec![1, 2, 5])),
        case("1.3 the group before the parameters", get("/groups/99/runners?status=none").by("owner"), 404, message("404 Group Not Found")),
        case("1.3 the rights too", get("/groups/11/runners?status=none").by("dev"), 403, message("403 Forbidden")),
        case("status is not", get("/groups/11/runners?status=none").by("owner"), 400, Any),
        case("an Owner", list("owner"), 200, Ids(vec![1, 2, 5])).always(),
        case("a Maintainer, by 18.0", list("maint"), 200, Ids(vec![1, 2, 5])).since(Version::V18_2),
        case("a Maintainer, before", list("maint"), 403, message("403 Forbidden")).before(Version::V18_2),
        case("an auditor, before", list("auditor"), 403, message("403 Forbidden")).before(Version::V19),
        case("an auditor, NEW", list("auditor"), 200, Any),
        case("a Developer", list("dev"), 403, message("403 Forbidden")).always(),
        case("without instance runners", list("owner"), 200, Ids(vec![2, 5])).given(|sim| {
            sim.command(json!({"do": "set_group", "group": 11, "settings": {"shared_runners_enabled": false}}));
        }),
    ]);
}
