//! Contract §1.2: acting as somebody else.
use serde_json::json;

use crate::covers::covers;
use crate::harness::{Any, Ask, Case, Has, Sim, case, get, message, post, put, run};

fn sudoer(sim: &mut Sim) {
    sim.command(json!({
        "do": "add_token", "user": "root", "token": "glpat-sudo", "scopes": ["api", "sudo"],
    }));
}

fn me(ask: Ask) -> Ask {
    ask.by("sudo")
}

#[test]
fn s1_2_sudo_is_never_ignored() {
    let _covers = covers("1.2", "all");
    let dev = || Has(json!({ "username": "dev" }));
    let rows = vec![
        case("by parameter", me(get("/user?sudo=dev")), 200, dev()),
        case("by number", me(get("/user?sudo=4")), 200, dev()),
        case(
            "by header",
            me(get("/user")).header("sudo", "dev"),
            200,
            dev(),
        ),
        case(
            "the parameter comes first",
            me(get("/user?sudo=dev")).header("sudo", "maint"),
            200,
            dev(),
        ),
        case(
            "with that user's rights",
            me(put("/runners/2")).send(json!({ "sudo": "dev", "locked": true })),
            403,
            Any,
        ),
        case(
            "somebody unknown",
            me(get("/user?sudo=nobody")),
            404,
            message("404 User with ID or username 'nobody' Not Found"),
        ),
        case(
            "without the scope",
            get("/user?sudo=dev").by("root"),
            403,
            Has(json!({ "error": "insufficient_scope", "scope": "sudo" })),
        ),
        case(
            "by somebody else",
            get("/user?sudo=dev").by("owner"),
            403,
            message("403 Forbidden - Must be admin to use sudo"),
        ),
        case(
            "by nobody",
            get("/user?sudo=dev"),
            401,
            message("401 Unauthorized"),
        ),
        case(
            "runners' own calls do not look",
            post("/runners/verify").form("token=glrt-one&sudo=nobody"),
            200,
            Any,
        ),
    ];
    let rows = rows.into_iter().map(|row| row.given(sudoer));
    run(rows.map(Case::always).collect());
}

#[test]
fn s8_3_a_fine_grained_token_has_no_sudo() {
    let _covers = covers("8.3 1.2", "19");
    run(vec![
        case(
            "refused",
            get("/user?sudo=dev").by("fine"),
            403,
            message("403 Forbidden - Fine-grained token must have sudo enabled to use sudo"),
        )
        .given(|sim: &mut Sim| {
            sim.command(json!({
                "do": "add_token", "user": "root", "token": "glpat-fine",
                "scopes": ["granular"], "granular_scopes": [],
            }));
        }),
    ]);
}
