//! Contract §3.22, §3.23, §3.24.
use gitlab_sim::Version;
use serde_json::json;

use crate::covers::covers;
use crate::harness::{
    Any, Ask, Empty, Has, Is, Sim, case, delete, error, get, keys, message, post, run,
};

fn rotate(who: &str) -> Ask {
    post("/personal_access_tokens/self/rotate").by(who)
}

#[test]
fn s3_22_a_token_about_itself() {
    let _covers = covers("3.22", "15.11 17 19");
    fn oauth(sim: &mut Sim) {
        sim.command(json!({"do": "add_token", "user": "dev", "kind": "oauth",
            "token": "glpat-oauth", "scopes": ["api"]}));
    }
    let not_pat = || {
        message("400 Bad request - This endpoint requires token type to be a personal access token")
    };
    let this = || get("/personal_access_tokens/self");
    run(vec![
        case(
            "200",
            this().by("dev"),
            200,
            Has(
                json!({"name": "token", "revoked": false, "active": true, "scopes": ["api"], "user_id": 4, "expires_at": null}),
            ),
        ),
        case("401", this(), 401, message("401 Unauthorized")),
        case(
            "400 OAuth",
            this().header("authorization", "Bearer glpat-oauth"),
            400,
            not_pat(),
        )
        .given(oauth),
        case(
            "405 OAuth",
            post("/personal_access_tokens/self/rotate")
                .header("authorization", "Bearer glpat-oauth"),
            405,
            message("405 Method Not Allowed"),
        )
        .given(oauth),
        case(
            "204",
            delete("/personal_access_tokens/self").by("dev"),
            204,
            Empty,
        ),
        case(
            "date",
            rotate("dev").form("expires_at=soon"),
            400,
            error("expires_at is invalid"),
        ),
        case(
            "past",
            rotate("dev").form("expires_at=2026-03-04"),
            400,
            message("400 Bad request - Expiration date can't be in the past"),
        ),
        case(
            "too far",
            rotate("dev").form("expires_at=2027-03-05"),
            400,
            Any,
        ),
    ]);
    let mut sim = Sim::new();
    let shown = sim.json(&this().by("dev"), 200);
    assert_eq!(
        keys(&shown),
        [
            "active",
            "created_at",
            "description",
            "expires_at",
            "granular",
            "id",
            "last_used_at",
            "name",
            "revoked",
            "scopes",
            "user_id"
        ],
    );
    for (version, described) in [(Version::V15_11, false), (Version::V17, true)] {
        let shown = Sim::version(version).json(&this().by("dev"), 200);
        let has = shown.as_object().unwrap().contains_key("description");
        assert_eq!(has, described, "3.22 {version:?}");
    }
    sim.call(&delete("/personal_access_tokens/self").by("dev"));
    assert_eq!(sim.call(&this().by("dev")).status, 401);
}

#[test]
fn s3_22_rotation() {
    let _covers = covers("3.22", "17 19");
    let mut sim = Sim::new();
    let shown = sim.json(&rotate("dev").form("expires_at=2026-06-01"), 200);
    assert_eq!(shown["expires_at"], "2026-06-01");
    assert_eq!(
        (&shown["name"], &shown["scopes"], &shown["user_id"]),
        (&json!("token"), &json!(["api"]), &json!(4))
    );
    assert!(shown["token"].as_str().unwrap().starts_with("glpat-"));
    for (version, required, expires) in [
        (Version::V19, true, json!("2026-03-11")),
        (Version::V19, false, json!(null)),
        (Version::V17, false, json!("2026-03-11")),
    ] {
        let mut sim = Sim::version(version);
        sim.set(json!({ "require_personal_access_token_expiry": required }));
        let shown = sim.json(&rotate("dev"), 200);
        assert_eq!(shown["expires_at"], expires, "3.22 {version:?} {required}");
    }
    let mut sim = Sim::new();
    sim.command(json!({"do": "add_token", "project": "platform/web", "token": "glpat-bot", "scopes": ["self_rotate"]}));
    assert_eq!(
        sim.call(&rotate("bot")).status,
        200,
        "3.22 those of projects too"
    );
}

#[test]
fn s3_23_metadata() {
    let _covers = covers("3.23", "all");
    let version = |who: &str| get("/version").by(who);
    let metadata = || get("/metadata").by("guest");
    let rows = [
        (Version::V13_12, "13.12.15-ee"),
        (Version::V15_2, "15.2.5-ee"),
        (Version::V15_11, "15.11.13-ee"),
        (Version::V16_10, "16.10.10-ee"),
        (Version::V17, "17.11.7-ee"),
        (Version::V18_2, "18.2.8-ee"),
        (Version::V19, "19.5.2-ee"),
    ]
    .map(|(release, shown)| {
        case(
            "by name",
            version("guest"),
            200,
            Has(json!({"version": shown})),
        )
        .version(release)
    });
    run(rows.into());
    let whole = json!({"version": "19.5.2-ee", "revision": "c3f0e8a91b4", "kas": {"enabled": false, "externalUrl": null, "version": null}, "enterprise": true});
    let small = json!({"version": "15.2.5-ee", "revision": "8c0b2d4e6f1"});
    run(vec![
        case("19", metadata(), 200, Is(whole)),
        case("since 15.2", metadata(), 200, Any).since(Version::V15_2),
        case(
            "before, no such route",
            metadata(),
            404,
            error("404 Not Found"),
        )
        .before(Version::V15_2),
        case("its older name was small", version("guest"), 200, Is(small)).version(Version::V15_2),
        case(
            "and is the same since 15.5",
            version("guest"),
            200,
            Has(json!({"enterprise": true})),
        )
        .since(Version::V15_11),
        case(
            "community",
            version("guest"),
            200,
            Has(json!({"version": "19.5.2", "enterprise": false})),
        )
        .given(|sim| sim.set(json!({"enterprise": false}))),
        case("401", get("/version"), 401, message("401 Unauthorized")).always(),
        case("401", get("/metadata"), 401, Any).between(Version::V15_2, Version::V19),
    ]);
}

#[test]
fn s3_24_user() {
    let _covers = covers("3.24", "19");
    let mut sim = Sim::new();
    let shown = sim.json(&get("/user").by("dev"), 200);
    for (field, value) in [
        ("id", json!(4)),
        ("username", json!("dev")),
        ("name", json!("dev")),
        ("state", json!("active")),
        ("email", json!("dev@example.com")),
    ] {
        assert_eq!(shown[field], value, "3.24 {field}");
    }
    assert!(shown.get("is_admin").is_none());
    assert_eq!(sim.json(&get("/user").by("root"), 200)["is_admin"], true);
    assert_eq!(sim.call(&get("/user")).status, 401);
}
