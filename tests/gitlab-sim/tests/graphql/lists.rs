//! Arguments of lists, their order and their pages (§5.2, §5.4).
use serde_json::json;

use crate::covers::covers;
use crate::world::{World, messages};

fn found(world: &mut World, arguments: &str) -> Vec<u64> {
    world.ids(
        "root",
        &format!("{{ runners({arguments}) {{ nodes {{ id }} }} }}"),
        "/runners",
    )
}

#[test]
fn filters_combine() {
    let _covers = covers("5.2", "19");
    let mut world = World::new();
    world.tell(json!({ "do": "contact", "runner": 2, "manager": { "version": "16.4.1" } }));
    for (arguments, expected) in [
        ("paused: true", vec![3]),
        ("paused: false", vec![4, 2, 1]),
        ("active: true", vec![4, 2, 1]),
        ("active: false", vec![4, 3, 2, 1]),
        ("active: false, paused: false", vec![4, 2, 1]),
        ("active: true, paused: true", vec![3]),
        ("status: ONLINE", vec![2]),
        ("status: NEVER_CONTACTED", vec![4, 3, 1]),
        ("status: PAUSED", vec![3]),
        ("status: ACTIVE", vec![4, 2, 1]),
        ("type: GROUP_TYPE", vec![3, 2]),
        ("tagList: [\"a\"]", vec![3, 1]),
        ("tagList: \"a\"", vec![3, 1]),
        ("tagList: [\"a\", \"b\"]", vec![1]),
        ("search: \"big\"", vec![1]),
        ("search: \"iron big\"", vec![1]),
        ("search: \"glrt-0123456789abcdefghij\"", vec![1]),
        ("search: \"glrt-0123\"", vec![]),
        ("creatorId: \"gid://gitlab/User/3\"", vec![4]),
        ("creatorId: \"gid://gitlab/User/99\"", vec![]),
        ("creatorUsername: \"alice\"", vec![3]),
        ("versionPrefix: \"16\"", vec![2]),
        ("versionPrefix: \"16.4\"", vec![2]),
        ("versionPrefix: \"15\"", vec![]),
        ("upgradeStatus: AVAILABLE", vec![]),
        ("type: GROUP_TYPE, tagList: [\"a\"]", vec![3]),
        ("type: null", vec![4, 3, 2, 1]),
    ] {
        assert_eq!(found(&mut world, arguments), expected, "{arguments}");
    }
}

#[test]
fn the_newest_come_first_unless_sorted() {
    let _covers = covers("5.2", "19");
    let mut world = World::new();
    world.tell(json!({ "do": "contact", "runner": 3 }));
    world.pass(1);
    world.tell(json!({ "do": "contact", "runner": 1 }));
    world.tell(json!({ "do": "add_runner", "type": "instance" }));
    for (sort, expected) in [
        ("CREATED_DESC", [5, 4, 3, 2, 1]),
        ("CREATED_AT_DESC", [5, 4, 3, 2, 1]),
        ("CREATED_ASC", [1, 2, 3, 4, 5]),
        ("CONTACTED_ASC", [2, 4, 5, 3, 1]),
        ("CONTACTED_DESC", [1, 3, 5, 4, 2]),
        ("TOKEN_EXPIRES_AT_ASC", [2, 1, 3, 4, 5]),
        ("TOKEN_EXPIRES_AT_DESC", [5, 4, 3, 1, 2]),
    ] {
        assert_eq!(
            found(&mut world, &format!("sort: {sort}")),
            expected,
            "{sort}"
        );
    }
}

/// §5.2: there is no `ids`; many are fetched by aliases.
#[test]
fn there_is_no_ids_argument() {
    let _covers = covers("5.2", "19");
    let mut world = World::new();
    let answer = world.ask("root", "{ runners(ids: [1]) { count } }");
    assert_eq!(
        messages(&answer),
        ["Field 'runners' doesn't accept argument 'ids'"]
    );
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "argumentNotAccepted"
    );
    let data = world.data(
        "alice",
        "{ a: runner(id: \"gid://gitlab/Ci::Runner/1\") { id } \
           b: runner(id: \"gid://gitlab/Ci::Runner/9\") { id } }",
    );
    assert_eq!(
        data,
        json!({ "a": { "id": "gid://gitlab/Ci::Runner/1" }, "b": null })
    );
}

#[test]
fn pages_follow_cursors() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let fields = "{ count nodes { id } edges { cursor node { id } } \
                  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }";
    let first = world.data("root", &format!("{{ runners(first: 3) {fields} }}"));
    let first = &first["runners"];
    assert_eq!(first["count"], 4);
    assert_eq!(first["nodes"].as_array().unwrap().len(), 3);
    let info = &first["pageInfo"];
    assert_eq!(
        (&info["hasNextPage"], &info["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(info["startCursor"], first["edges"][0]["cursor"]);
    assert_eq!(info["endCursor"], first["edges"][2]["cursor"]);
    assert_eq!(first["edges"][2]["node"], first["nodes"][2]);
    let end = info["endCursor"].as_str().unwrap();

    // A row of the first page may go meanwhile; nothing is left out or told twice.
    world.tell(json!({ "do": "delete_runner", "runner": 2 }));
    let next = world.data(
        "root",
        &format!("{{ runners(first: 3, after: \"{end}\") {fields} }}"),
    );
    let next = &next["runners"];
    assert_eq!(
        next["nodes"],
        json!([{ "id": "gid://gitlab/Ci::Runner/1" }])
    );
    let info = &next["pageInfo"];
    assert_eq!(
        (&info["hasNextPage"], &info["hasPreviousPage"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn pages_are_read_backwards_too() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let cursors = world.data("root", "{ runners { edges { cursor } } }");
    let last = cursors["runners"]["edges"][3]["cursor"].as_str().unwrap();
    let back = format!(
        "{{ runners(last: 1, before: \"{last}\") {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage }} }} }}"
    );
    assert_eq!(
        world.data("root", &back)["runners"],
        json!({
            "nodes": [{ "id": "gid://gitlab/Ci::Runner/2" }],
            "pageInfo": { "hasNextPage": true, "hasPreviousPage": true },
        })
    );
}

#[test]
fn odd_pages() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    let answer = world.ask("root", "{ runners(after: \"nonsense\") { count } }");
    assert_eq!(messages(&answer), ["Please provide a valid cursor"]);
    assert_eq!(answer["data"], json!({ "runners": null }));
    let answer = world.ask("root", "{ runners(first: 1, last: 1) { count } }");
    assert_eq!(
        messages(&answer),
        ["Can only provide either `first` or `last`, not both"]
    );
    let empty = world.data(
        "root",
        "{ runners(first: 0) { nodes { id } pageInfo { endCursor } } }",
    );
    assert_eq!(
        empty["runners"],
        json!({ "nodes": [], "pageInfo": { "endCursor": null } })
    );
}

/// §5.4: at most 100 per page, and that is the default.
#[test]
fn a_page_has_at_most_a_hundred() {
    let _covers = covers("5.4", "19");
    let mut world = World::new();
    for _ in 0..200 {
        world.tell(json!({ "do": "add_runner", "type": "instance" }));
    }
    for arguments in ["", "(first: 100)", "(first: 1000)"] {
        let query =
            format!("{{ runners{arguments} {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}");
        let page = world.data("root", &query);
        assert_eq!(page["runners"]["nodes"].as_array().unwrap().len(), 100);
        assert_eq!(page["runners"]["pageInfo"]["hasNextPage"], true);
    }
    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let query = format!(
            "{{ runners(after: \"{after}\") {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = &world.data("root", &query)["runners"];
        seen += page["nodes"].as_array().unwrap().len();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, 204);
}
