//! Contract §1.1, §1.2, §1.10.
use gitlab_sim::Version;
use serde_json::json;

use crate::covers::covers;
use crate::harness::{
    Any, Body, Empty, Has, Ids, Is, Sim, case, delete, get, message, post, put, run,
};

fn token(sim: &mut Sim, user: &str, name: &str, scopes: &[&str]) {
    sim.command(json!({
        "do": "add_token", "user": user, "token": format!("glpat-{name}"), "scopes": scopes,
    }));
}

fn narrow(sim: &mut Sim) {
    token(sim, "root", "manage", &["manage_runner"]);
    token(sim, "root", "create", &["create_runner"]);
    token(sim, "root", "both", &["create_runner", "manage_runner"]);
    token(sim, "root", "read", &["read_api"]);
    token(sim, "root", "readuser", &["read_user"]);
    token(sim, "root", "repo", &["read_repository"]);
    token(sim, "root", "rotates", &["self_rotate"]);
}

fn scope_refusal(scope: &str) -> Body {
    Is(json!({
        "error": "insufficient_scope",
        "error_description":
            "The request requires higher privileges than provided by the access token.",
        "scope": scope,
    }))
}

fn oauth(sim: &mut Sim) {
    sim.command(json!({
        "do": "add_token", "user": "dev", "kind": "oauth", "token": "oauth-dev", "scopes": ["api"],
    }));
}

#[test]
fn s1_3_only_401_is_a_challenge() {
    let _covers = covers("1.3", "19");
    let mut sim = Sim::new();
    narrow(&mut sim);
    token(&mut sim, "dev", "old", &["api"]);
    sim.command(json!({ "do": "expire_token", "token": "glpat-old" }));
    for (who, status, challenged) in [("old", 401, true), ("repo", 403, false)] {
        let got = sim.call(&get("/user").by(who));
        let challenge = got.header("www-authenticate").is_some();
        assert_eq!((got.status, challenge), (status, challenged), "1.3 {who}");
    }
}

#[test]
fn s1_1_who_authenticates_how() {
    let _covers = covers("1.1", "19");
    run(vec![
        case(
            "1.1 PRIVATE-TOKEN",
            get("/user").by("dev"),
            200,
            Has(json!({"username": "dev"})),
        ),
        case(
            "1.1 query",
            get("/user?private_token=glpat-dev"),
            200,
            Has(json!({"username": "dev"})),
        ),
        case(
            "1.1 bearer",
            get("/user").header("authorization", "Bearer glpat-dev"),
            200,
            Has(json!({"username": "dev"})),
        ),
        case(
            "1.1 an OAuth token is a bearer",
            get("/user").header("authorization", "Bearer oauth-dev"),
            200,
            Has(json!({"username": "dev"})),
        )
        .given(oauth),
        case(
            "1.1 and nothing else",
            get("/user").header("private-token", "oauth-dev"),
            401,
            message("401 Unauthorized"),
        )
        .given(oauth),
        case(
            "1.1 not as a parameter either",
            get("/user?private_token=oauth-dev"),
            401,
            message("401 Unauthorized"),
        )
        .given(oauth),
        case(
            "1.1 it comes before PRIVATE-TOKEN",
            get("/user")
                .by("root")
                .header("authorization", "Bearer oauth-dev"),
            200,
            Has(json!({"username": "dev"})),
        )
        .given(oauth),
        case(
            "1.1 which comes before another bearer",
            get("/user")
                .by("root")
                .header("authorization", "Bearer glpat-dev"),
            200,
            Has(json!({"username": "root"})),
        ),
        case(
            "1.1 basic is nothing",
            get("/user").header("authorization", "Basic glpat-dev"),
            401,
            message("401 Unauthorized"),
        ),
        case(
            "1.1 a job token is not accepted",
            get("/runners").header("job-token", "glpat-dev"),
            401,
            message("401 Unauthorized"),
        ),
        case(
            "1.1 no credential",
            get("/runners"),
            401,
            message("401 Unauthorized"),
        ),
        case(
            "1.1 a runner token is no user's",
            get("/runners").header("private-token", "glrt-one"),
            401,
            message("401 Unauthorized"),
        ),
        case(
            "1.1 3.25 verify ignores PRIVATE-TOKEN",
            post("/runners/verify")
                .header("private-token", "glrt-one")
                .form("token=glrt-one"),
            200,
            Has(json!({"id": 1})),
        ),
        case(
            "1.1 POST /runners needs no user",
            post("/runners").form("token=GR-instance"),
            201,
            Any,
        ),
    ]);
}

#[test]
fn s1_2_scopes_open_and_refuse() {
    let _covers = covers("1.2", "19");
    let manage = "manage_runner api read_api";
    let rows = vec![
        case(
            "1.2 manage_runner reads",
            get("/runners/1").by("manage"),
            200,
            Any,
        ),
        case(
            "1.2 manage_runner edits",
            put("/runners/1").by("manage").form("paused=1"),
            200,
            Any,
        ),
        case(
            "1.2 manage_runner deletes",
            delete("/runners/1").by("manage"),
            204,
            Empty,
        ),
        case(
            "1.2 manage_runner managers",
            get("/runners/1/managers").by("manage"),
            200,
            Any,
        ),
        case(
            "1.2 manage_runner jobs",
            get("/runners/1/jobs").by("manage"),
            200,
            Any,
        ),
        case(
            "1.2 manage_runner projects",
            get("/runners/1/projects").by("manage"),
            200,
            Any,
        ),
        case(
            "1.2 manage_runner resets",
            post("/runners/1/reset_authentication_token").by("manage"),
            201,
            Any,
        ),
        case(
            "1.2 manage_runner: GET /runners",
            get("/runners").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: all",
            get("/runners/all").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 the condition is an `id` parameter",
            get("/runners/all?id=1").by("manage"),
            200,
            Any,
        ),
        case(
            "1.2 ... and the path",
            get("/runners?id=1").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: project list",
            get("/projects/20/runners").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: group list",
            get("/groups/10/runners").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: assign",
            post("/projects/21/runners")
                .by("manage")
                .form("runner_id=3"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: unassign, whatever the docs say",
            delete("/projects/21/runners/4").by("manage"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 manage_runner: create",
            post("/user/runners")
                .by("manage")
                .form("runner_type=instance_type"),
            403,
            scope_refusal("create_runner api read_api"),
        ),
        case(
            "1.2 create_runner creates",
            post("/user/runners")
                .by("create")
                .form("runner_type=instance_type"),
            201,
            Any,
        ),
        case(
            "1.2 create_runner: read",
            get("/runners/1").by("create"),
            403,
            scope_refusal(manage),
        ),
        case(
            "1.2 least privilege: metadata",
            get("/metadata").by("both"),
            403,
            Any,
        ),
        case(
            "1.2 least privilege: version",
            get("/version").by("both"),
            403,
            Any,
        ),
        case(
            "1.2 least privilege: user",
            get("/user").by("both"),
            403,
            Any,
        ),
        case(
            "1.2 least privilege: rotate",
            post("/personal_access_tokens/self/rotate").by("both"),
            403,
            Any,
        ),
        case(
            "1.2 least privilege: self",
            get("/personal_access_tokens/self").by("both"),
            200,
            Any,
        ),
        case(
            "1.2 read_api lists",
            get("/runners/all").by("read"),
            200,
            Any,
        ),
        case("1.2 read_api reads", get("/runners/1").by("read"), 200, Any),
        case(
            "1.2 read_api creates nothing",
            post("/user/runners")
                .by("read")
                .form("runner_type=instance_type"),
            403,
            scope_refusal("create_runner api read_api"),
        ),
        case(
            "1.2 read_api edits nothing",
            put("/runners/1").by("read").form("paused=1"),
            403,
            Any,
        ),
        case(
            "1.2 read_api deletes nothing",
            delete("/runners/1").by("read"),
            403,
            Any,
        ),
        case(
            "1.2 read_api resets nothing",
            post("/runners/1/reset_authentication_token").by("read"),
            403,
            Any,
        ),
        case(
            "1.2 read_api assigns nothing",
            post("/projects/21/runners").by("read").form("runner_id=3"),
            403,
            Any,
        ),
        case(
            "1.2 read_user: metadata",
            get("/metadata").by("readuser"),
            200,
            Any,
        ),
        case(
            "1.2 read_user: version",
            get("/version").by("readuser"),
            200,
            Any,
        ),
        case("1.2 read_user: user", get("/user").by("readuser"), 200, Any),
        case(
            "1.2 read_user: runners",
            get("/runners/1").by("readuser"),
            403,
            Any,
        ),
        case(
            "1.2 self_rotate rotates",
            post("/personal_access_tokens/self/rotate").by("rotates"),
            200,
            Any,
        ),
        case(
            "1.2 self_rotate reads nothing",
            get("/user").by("rotates"),
            403,
            Any,
        ),
        case(
            "1.2 any scope: self",
            get("/personal_access_tokens/self").by("repo"),
            200,
            Any,
        ),
        case(
            "1.2 any scope: revoke",
            delete("/personal_access_tokens/self").by("repo"),
            204,
            Empty,
        ),
        case(
            "1.2 a foreign scope",
            get("/runners/1").by("repo"),
            403,
            scope_refusal(manage),
        ),
    ];
    run(rows.into_iter().map(|row| row.given(narrow)).collect());
}

#[test]
fn s1_2_admin_mode() {
    let _covers = covers("1.2", "19");
    fn on(sim: &mut Sim) {
        sim.set(json!({ "admin_mode": true }));
        token(sim, "root", "plain", &["api"]);
    }
    run(vec![
        case(
            "1.2 off: api suffices",
            get("/runners/all").by("plain"),
            200,
            Any,
        )
        .given(|sim| token(sim, "root", "plain", &["api"])),
        case(
            "1.2 on: admin_mode is missing",
            get("/runners/all").by("plain"),
            403,
            message("403 Forbidden"),
        )
        .given(on),
        case(
            "1.2 on: admin_mode is there",
            get("/runners/all").by("root"),
            200,
            Any,
        )
        .given(on),
        case(
            "1.2 on: a plain user else",
            get("/runners").by("plain"),
            200,
            Ids(vec![]),
        )
        .given(on),
        case(
            "1.2 3.20 on: no instance runner",
            post("/user/runners")
                .by("plain")
                .form("runner_type=instance_type"),
            403,
            message("403 Forbidden - Insufficient permissions"),
        )
        .given(on),
    ]);
}

#[test]
fn s1_3_states_of_tokens_and_users() {
    let _covers = covers("1.3", "19");
    let expired = Is(json!({
        "error": "invalid_token",
        "error_description":
            "Token is expired. You can either do re-authorization or token refresh.",
    }));
    let revoked = Is(json!({
        "error": "invalid_token",
        "error_description": "Token was revoked. You have to re-authorize from the user.",
    }));
    run(vec![
        case(
            "1.3 401 unknown",
            get("/user").by("nobody"),
            401,
            message("401 Unauthorized"),
        ),
        case("1.3 401 expired", get("/user").by("dev"), 401, expired).given(|sim| {
            sim.command(json!({"do": "expire_token", "token": "glpat-dev"}));
        }),
        case(
            "1.3 expires at midnight of its day",
            get("/user").by("dev"),
            200,
            Any,
        )
        .given(|sim| {
            sim.command(json!({"do": "expire_token", "token": "glpat-dev", "at": "2026-03-05"}));
        }),
        case("1.3 401 revoked", get("/user").by("dev"), 401, revoked).given(|sim| {
            sim.command(json!({"do": "revoke_token", "token": "glpat-dev"}));
        }),
        case(
            "1.3 403 blocked",
            get("/user").by("dev"),
            403,
            message("403 Forbidden - Your account has been blocked."),
        )
        .given(|sim| {
            sim.command(json!({"do": "set_user", "user": "dev", "state": "blocked"}));
        }),
        case("1.3 403 terms", get("/user").by("dev"), 403, Any).given(|sim| {
            sim.command(json!({"do": "set_user", "user": "dev", "state": "terms_not_accepted"}));
        }),
    ]);
}

#[test]
fn s1_10_a_revoked_token_takes_its_family_along() {
    let _covers = covers("1.10", "19");
    let mut sim = Sim::new();
    let rotated =
        sim.json(&post("/personal_access_tokens/self/rotate").by("dev"), 200)["token"].clone();
    let again = get("/user").header("private-token", rotated.as_str().unwrap());
    assert_eq!(sim.call(&again).status, 200, "1.10 the new token works");
    let with_old = sim.call(&get("/user").by("dev"));
    assert_eq!(
        with_old.status, 401,
        "1.10 no overlap: the old token is dead at once"
    );
    assert!(
        with_old.text.contains("Token was revoked"),
        "{}",
        with_old.text
    );
    let with_new = sim.call(&again);
    assert_eq!(
        with_new.status, 401,
        "1.10 and its use has killed the new one"
    );
    assert!(
        with_new.text.contains("Token was revoked"),
        "{}",
        with_new.text
    );
    assert_eq!(
        sim.call(&get("/user").by("owner")).status,
        200,
        "1.10 other families live on"
    );
}

#[test]
fn s1_2_bots_of_groups_and_projects() {
    let _covers = covers("1.2", "15.11 19");
    fn bots(sim: &mut Sim) {
        sim.command(
            json!({"do": "add_token", "group": "platform", "role": "owner",
            "token": "glpat-groupbot", "scopes": ["api"]}),
        );
        sim.command(json!({"do": "add_token", "project": "platform/web",
            "token": "glpat-projectbot", "scopes": ["create_runner"]}));
    }
    let create = |who: &str, body: &str| post("/user/runners").by(who).form(body);
    run(vec![
        case(
            "1.2 a group bot owns its group",
            create("groupbot", "runner_type=group_type&group_id=11"),
            201,
            Any,
        )
        .given(bots),
        case(
            "1.2 a group bot is nobody elsewhere",
            create("groupbot", "runner_type=group_type&group_id=12"),
            403,
            Any,
        )
        .given(bots),
        case(
            "1.2 a project bot maintains its project",
            create("projectbot", "runner_type=project_type&project_id=20"),
            201,
            Any,
        )
        .given(bots),
        case(
            "6 before 16.10 there was no rotation",
            post("/personal_access_tokens/self/rotate").by("root"),
            404,
            Any,
        )
        .version(Version::V15_11),
    ]);
}

#[test]
fn s1_2_where_manage_runner_opens_nothing() {
    let _covers = covers("1.2", "15.11 17 19");
    fn rooted(sim: &mut Sim) {
        narrow(sim);
        sim.set(json!({ "relative_url_root": "/gitlab" }));
    }
    run(vec![
        case(
            "6 before 17.x",
            get("/runners/1").by("manage"),
            403,
            scope_refusal("api read_api"),
        )
        .given(narrow)
        .version(Version::V15_11),
        case("6 since 17.x", get("/runners/1").by("manage"), 200, Any)
            .given(narrow)
            .version(Version::V17),
        case(
            "1.2 below a relative URL root the path does not match",
            get("/api/v4/runners/1").under("/gitlab").by("manage"),
            403,
            Any,
        )
        .given(rooted),
        case(
            "1.2 others do",
            get("/api/v4/runners/1").under("/gitlab").by("read"),
            200,
            Any,
        )
        .given(rooted),
        case(
            "1.2 only below the root",
            get("/runners/1").by("read"),
            404,
            Any,
        )
        .given(rooted),
    ]);
}
