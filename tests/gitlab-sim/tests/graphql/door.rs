//! What an operator sweeps with, through the real door (§5.3, §5.4).
use gitlab_sim::{Seed, Server};
use serde_json::{Value, json};

#[path = "../doors/wire.rs"]
#[expect(dead_code, reason = "the tests of the doors use the rest")]
mod wire;

/// A query with everything that can drift, a hundred runners a page.
const SWEEP: &str = "query Sweep($after: String) {
  queryComplexity { score limit }
  runners(first: 100, after: $after, sort: CREATED_ASC) {
    nodes {
      id shortSha tagList accessLevel paused tokenExpiresAt
      projects(first: 5) { nodes { id } }
      managers(first: 5) { nodes { systemId status contactedAt } }
    }
    pageInfo { hasNextPage endCursor }
  }
}";

const RUNNERS: u64 = 230;

async fn sweep(sim: &Server, after: &Value) -> Value {
    let body = json!({ "query": SWEEP, "variables": { "after": after } }).to_string();
    let path = format!("/api/graphql?private_token={}", Seed::ROOT_TOKEN);
    let answer = wire::send(sim.url(), "POST", &path, &body).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

async fn server() -> Server {
    let sim = wire::server().await;
    for command in [
        json!({ "do": "add_group", "path": "acme" }),
        json!({ "do": "add_project", "path": "acme/app" }),
    ] {
        sim.command_json(command).unwrap();
    }
    for number in 0..RUNNERS {
        let settings = json!({
            "projects": ["acme/app"], "tag_list": ["a", "b"], "paused": number % 2 == 0,
            "token_expires_at": "2036-01-01T00:00:00Z",
        });
        let new = json!({ "do": "add_runner", "type": "project", "settings": settings });
        sim.command_json(new).unwrap();
    }
    let machine = json!({ "do": "contact", "runner": 2, "manager": { "system_id": "s_1" } });
    sim.command_json(machine).unwrap();
    sim
}

#[tokio::test]
async fn a_sweep_reads_every_runner_once() {
    let sim = server().await;
    let (mut after, mut seen, mut pages) = (Value::Null, Vec::new(), Vec::new());
    loop {
        let answer = sweep(&sim, &after).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        assert_eq!(
            answer["data"]["queryComplexity"],
            json!({ "score": 43, "limit": 250 })
        );
        let page = &answer["data"]["runners"];
        let nodes = page["nodes"].as_array().unwrap();
        pages.push(nodes.len());
        seen.extend(nodes.iter().map(|node| crate::world::number(&node["id"])));
        if after.is_null() {
            assert_eq!(nodes[1]["tagList"], json!(["a", "b"]));
            assert_eq!(nodes[1]["paused"], false);
            assert_eq!(nodes[1]["accessLevel"], "NOT_PROTECTED");
            assert_eq!(nodes[1]["tokenExpiresAt"], "2036-01-01T00:00:00Z");
            assert_eq!(nodes[1]["managers"]["nodes"][0]["systemId"], "s_1");
            let project = json!({ "nodes": [{ "id": "gid://gitlab/Project/1" }] });
            assert_eq!(nodes[1]["projects"], project);
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(pages, [100, 100, 30]);
    assert_eq!(seen, (1..=RUNNERS).collect::<Vec<_>>());
    assert_eq!(sim.requests().len(), 3);
    assert_eq!(sim.writes().len(), 0);
}
