//! Contract §3.3, §3.4, §3.5, and the two reads that turn paths into ids.
use gitlab_sim::Version;

use crate::covers::covers;
use crate::harness::{Any, Has, Ids, Is, Sim, case, error, get, message, run};
use serde_json::json;

#[test]
fn s3_3_who_may_look() {
    let _covers = covers("3.3", "17 19");
    let refused = || message("403 Forbidden - No access granted");
    run(vec![
        case("instance: anybody", get("/runners/1").by("guest"), 200, Any),
        case(
            "instance: a stranger",
            get("/runners/1").by("stranger"),
            200,
            Any,
        ),
        case(
            "project: Maintainer of the owner",
            get("/runners/3").by("webmaint"),
            200,
            Any,
        ),
        case(
            "project: Maintainer of another one it serves",
            get("/runners/4").by("buildmaint"),
            200,
            Any,
        ),
        case(
            "project: Maintainer of the group above",
            get("/runners/3").by("maint"),
            200,
            Any,
        ),
        case(
            "project: Maintainer elsewhere",
            get("/runners/3").by("buildmaint"),
            403,
            refused(),
        ),
        case(
            "project: Developer",
            get("/runners/3").by("dev"),
            403,
            refused(),
        ),
        case(
            "project: Reporter",
            get("/runners/3").by("reporter"),
            403,
            refused(),
        ),
        case("group: Maintainer", get("/runners/2").by("maint"), 200, Any),
        case(
            "group: Maintainer of a project that inherits it",
            get("/runners/2").by("buildmaint"),
            200,
            Any,
        ),
        case(
            "group: nor if that project is closed to its groups' runners",
            get("/runners/2").by("buildmaint"),
            403,
            message("403 Forbidden - No access granted"),
        )
        .given(|sim| {
            sim.command(json!({"do": "set_project", "project": 21, "settings": {"group_runners_enabled": false}}));
        }),
        case(
            "group: Maintainer of a project that does not",
            get("/runners/5").by("webmaint"),
            403,
            refused(),
        ),
        case(
            "group: Developer",
            get("/runners/2").by("dev"),
            403,
            refused(),
        ),
        case("auditor", get("/runners/3").by("auditor"), 200, Any),
        case(
            "400",
            get("/runners/1x").by("root"),
            400,
            error("id is invalid"),
        ),
        case(
            "400 include_projects",
            get("/runners/1?include_projects=x").by("root"),
            400,
            error("include_projects is invalid"),
        ),
        case(
            "before NEW it was not declared",
            get("/runners/1?include_projects=x").by("root"),
            200,
            Any,
        )
        .version(Version::V17),
    ]);
}

#[test]
fn s3_4_managers() {
    let _covers = covers("3.4", "15.11 17 19");
    run(vec![
        case(
            "none",
            get("/runners/1/managers").by("guest"),
            200,
            Is(json!([])),
        ),
        case(
            "as 3.3",
            get("/runners/3/managers").by("reporter"),
            403,
            message("403 Forbidden - No access granted"),
        ),
        case("404", get("/runners/99/managers").by("root"), 404, Any),
        case("17.x", get("/runners/1/managers").by("guest"), 200, Any).version(Version::V17),
        case(
            "not in 15.11",
            get("/runners/1/managers").by("root"),
            404,
            error("404 Not Found"),
        )
        .version(Version::V15_11),
    ]);
}

#[test]
fn s3_5_projects() {
    let _covers = covers("3.5", "17 19");
    run(vec![
        case(
            "all, the newest first",
            get("/runners/4/projects").by("root"),
            200,
            Ids(vec![21, 20]),
        ),
        case(
            "those that the caller can see",
            get("/runners/4/projects").by("buildmaint"),
            200,
            Ids(vec![21]),
        ),
        case(
            "pages",
            get("/runners/4/projects?per_page=1&page=2").by("root"),
            200,
            Ids(vec![20]),
        ),
        case(
            "as 3.3",
            get("/runners/3/projects").by("reporter"),
            403,
            Any,
        ),
        case(
            "since NEW",
            get("/runners/4/projects").by("root"),
            404,
            error("404 Not Found"),
        )
        .version(Version::V17),
    ]);
}

#[test]
fn groups_and_projects_by_number_and_path() {
    let build = || {
        Has(json!({
            "id": 21, "name": "build", "path": "build", "path_with_namespace": "platform/tools/build",
            "visibility": "private", "web_url": "http://gitlab.example.com/platform/tools/build",
            "namespace": {"id": 11, "kind": "group", "full_path": "platform/tools"},
        }))
    };
    let tools = || {
        Has(json!({
            "id": 11, "name": "tools", "path": "tools", "full_path": "platform/tools", "parent_id": 10,
            "full_name": "platform / tools", "visibility": "private",
            "web_url": "http://gitlab.example.com/groups/platform/tools",
        }))
    };
    run(vec![
        case("project id", get("/projects/21").by("guest"), 200, build()),
        case(
            "project path",
            get("/projects/platform%2Ftools%2Fbuild").by("guest"),
            200,
            build(),
        ),
        case(
            "paths do not mind case",
            get("/projects/Platform%2Ftools%2Fbuild").by("guest"),
            200,
            build(),
        ),
        case(
            "private project",
            get("/projects/21").by("stranger"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "private project, nobody",
            get("/projects/21"),
            404,
            message("404 Project Not Found"),
        ),
        case(
            "public project, nobody",
            get("/projects/23"),
            200,
            Has(json!({"id": 23})),
        ),
        case(
            "one's own",
            get("/projects/stranger%2Fown").by("stranger"),
            200,
            Has(json!({"namespace": {"kind": "user"}})),
        ),
        case("group id", get("/groups/11").by("guest"), 200, tools()),
        case(
            "group path",
            get("/groups/platform%2Ftools").by("guest"),
            200,
            tools(),
        ),
        case(
            "a project's member sees the groups above",
            get("/groups/10").by("buildmaint"),
            200,
            Any,
        ),
        case(
            "private group",
            get("/groups/11").by("stranger"),
            404,
            message("404 Group Not Found"),
        ),
        case(
            "public group, nobody",
            get("/groups/13"),
            200,
            Has(json!({"id": 13})),
        ),
        case(
            "a bad token is no nobody",
            get("/groups/13").by("typo"),
            401,
            Any,
        ),
        case(
            "an unencoded path is another route",
            get("/projects/platform/tools/build").by("root"),
            404,
            error("404 Not Found"),
        ),
    ]);
}

#[test]
fn who_sees_what_is_internal() {
    fn internal(sim: &mut Sim) {
        for (what, id) in [("project", 20), ("group", 10)] {
            sim.command(json!({"do": format!("set_{what}"), what: id, "settings": {"visibility": "internal"}}));
        }
        sim.command(
            json!({"do": "add_user", "username": "external", "external": true,
            "tokens": [{"token": "glpat-external", "scopes": ["api"]}]}),
        );
    }
    let rows = vec![
        case(
            "project: a stranger",
            get("/projects/20").by("stranger"),
            200,
            Any,
        ),
        case(
            "project: an external user",
            get("/projects/20").by("external"),
            404,
            Any,
        ),
        case("project: nobody", get("/projects/20"), 404, Any),
        case(
            "group: a stranger",
            get("/groups/10").by("stranger"),
            200,
            Any,
        ),
        case(
            "group: an external user",
            get("/groups/10").by("external"),
            404,
            Any,
        ),
        case(
            "runners of what one sees, but is no member of",
            get("/projects/20/runners").by("stranger"),
            403,
            message("403 Forbidden"),
        ),
        case(
            "runners of a group, likewise",
            get("/groups/10/runners").by("stranger"),
            403,
            message("403 Forbidden"),
        ),
    ];
    run(rows.into_iter().map(|row| row.given(internal)).collect());
}
