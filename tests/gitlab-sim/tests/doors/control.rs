//! The control port.
use gitlab_sim::Server;
use serde_json::{Value, json};

use crate::wire::{get, send, server};

async fn tell(sim: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = send(&sim.control_url(), method, path, &body).await;
    (answer.status, answer.json())
}

async fn ask(sim: &Server, path: &str) -> (u16, Value) {
    tell(sim, "GET", path, &Value::Null).await
}

#[tokio::test]
async fn health_tells_where_gitlab_is() {
    let sim = server().await;
    let (status, health) = ask(&sim, "/health").await;
    assert_eq!(
        (status, &health["url"], &health["status"]),
        (200, &json!(sim.url()), &json!("ok"))
    );
    assert_eq!(ask(&sim, "/nothing").await.0, 404);
    assert_eq!(ask(&sim, "/ca.pem").await.0, 404);
    for (method, path) in [("PUT", "/clock"), ("POST", "/faults/1"), ("GET", "/reset")] {
        assert_eq!(
            tell(&sim, method, path, &Value::Null).await,
            (405, json!({"error": "no such method here; see the README"})),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn the_clock_is_read_and_turned() {
    let sim = server().await;
    assert_eq!(
        tell(&sim, "POST", "/clock", &json!("freeze")).await.1["frozen"],
        true
    );
    let (_, set) = tell(
        &sim,
        "POST",
        "/clock",
        &json!({"set": "2026-01-01T00:00:00Z"}),
    )
    .await;
    assert_eq!(set, json!({"now": "2026-01-01T00:00:00Z", "frozen": true}));
    let (_, moved) = tell(&sim, "POST", "/clock", &json!({"advance": "1h30m"})).await;
    assert_eq!(moved["now"], "2026-01-01T01:30:00Z");
    assert_eq!(ask(&sim, "/clock").await.1, moved);
    assert_eq!(sim.now(), "2026-01-01T01:30:00Z".parse().unwrap());
    let (status, refused) = tell(&sim, "POST", "/clock", &json!({"advance": "99999999h"})).await;
    assert_eq!(
        (status, refused),
        (400, json!({"error": "the clock cannot be moved that far"}))
    );
    assert_eq!(
        tell(&sim, "POST", "/clock", &json!("real")).await.1["frozen"],
        false
    );
}

#[tokio::test]
async fn requests_are_listed_filtered_awaited_and_cleared() {
    let sim = server().await;
    get(sim.url(), "/api/v4/version").await;
    send(sim.url(), "POST", "/api/v4/runners/verify", "{}").await;
    let (_, all) = ask(&sim, "/requests").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    for query in [
        "method=post",
        "path=/api/v4/runners/*",
        "writes=true",
        "after=0",
        "status=400",
    ] {
        let (_, found) = ask(&sim, &format!("/requests?{query}")).await;
        assert_eq!(found, json!([all[1]]), "{query}");
    }
    let (status, late) = ask(&sim, "/requests?method=PUT&atLeast=1&wait=1ms").await;
    assert_eq!(
        (status, late),
        (408, json!({"error": "waited in vain: 0 requests"}))
    );
    let (awaited, _) = tokio::join!(
        ask(&sim, "/requests?method=PUT&atLeast=1"),
        send(sim.url(), "PUT", "/api/v4/runners/1", "{}")
    );
    assert_eq!(
        (awaited.0, &awaited.1[0]["path"]),
        (200, &json!("/api/v4/runners/1"))
    );
    tell(&sim, "DELETE", "/requests", &Value::Null).await;
    assert_eq!(ask(&sim, "/requests").await.1, json!([]));
    assert_eq!(ask(&sim, "/requests?path=a&colour=red").await.0, 400);
}

#[tokio::test]
async fn faults_are_added_shown_released_and_removed() {
    let sim = server().await;
    let rule = json!({"method": "GET", "path": "/api/v4/version", "nth": 1, "fault": "gate"});
    let (_, added) = tell(&sim, "POST", "/faults", &rule).await;
    assert_eq!(added, json!({"id": 1}));
    let play = async {
        let (_, standing) = ask(&sim, "/faults/1?held=1").await;
        assert_eq!(
            standing,
            json!({"id": 1, "matched": 1, "struck": 1, "held": 1, "rule": {
                "method": "GET", "path": "/api/v4/version", "nth": 1, "do": false, "fault": "gate"
            }})
        );
        let (_, released) = tell(&sim, "POST", "/faults/1/release", &json!({"count": 5})).await;
        assert_eq!(released, json!({"released": 1}));
    };
    let (answer, ()) = tokio::join!(get(sim.url(), "/api/v4/version"), play);
    assert_eq!(answer.status, 401);
    assert_eq!(ask(&sim, "/faults/1?held=1&wait=1ms").await.0, 408);
    assert_eq!(tell(&sim, "DELETE", "/faults/1", &Value::Null).await.0, 200);
    for (method, path) in [
        ("GET", "/faults/1"),
        ("DELETE", "/faults/1"),
        ("POST", "/faults/1/release"),
    ] {
        let refused = (404, json!({"error": "there is no fault 1"}));
        assert_eq!(tell(&sim, method, path, &Value::Null).await, refused);
    }
    tell(&sim, "POST", "/faults", &json!({"fault": "hang"})).await;
    assert_eq!(ask(&sim, "/faults").await.1[0]["id"], 2);
    tell(&sim, "DELETE", "/faults", &Value::Null).await;
    assert_eq!(ask(&sim, "/faults").await.1, json!([]));
    assert_eq!(
        tell(&sim, "POST", "/faults", &json!({"fault": "hang", "nth": 0}))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_reset_starts_over_and_may_bring_a_seed() {
    let sim = server().await;
    let before = ask(&sim, "/world").await.1;
    get(sim.url(), "/api/v4/version").await;
    tell(&sim, "POST", "/faults", &json!({"fault": "hang"})).await;
    assert_eq!(tell(&sim, "POST", "/reset", &Value::Null).await.0, 200);
    assert_eq!(ask(&sim, "/requests").await.1, json!([]));
    assert_eq!(ask(&sim, "/faults").await.1, json!([]));
    assert_eq!(
        tell(&sim, "POST", "/reset", &json!({"no_such_field": 1}))
            .await
            .0,
        422
    );
    assert_eq!(tell(&sim, "POST", "/reset", &json!({})).await.0, 200);
    assert_eq!(ask(&sim, "/world").await.0, 200);
    assert!(before.is_object());
}

#[tokio::test]
async fn commands_are_passed_on_and_unknown_ones_refused() {
    let sim = server().await;
    assert_eq!(
        tell(&sim, "POST", "/command", &json!({"do": "dump"})).await,
        ask(&sim, "/world").await
    );
    assert_eq!(
        tell(&sim, "POST", "/command", &json!({"do": "dance"}))
            .await
            .0,
        400
    );
}
