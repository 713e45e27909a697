//! What a client sends when the term of its process is over, and what it leaves word of.
use gitlab_runner_registrar::gitlab::{Change, Error, ProjectId, Scope, Settings, Trail};
use gitlab_runner_registrar::term::{Moment, Term};
use jiff::Timestamp;

use super::world::{gitlab, new, read, registered};

fn clock() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

#[tokio::test]
async fn once_the_term_is_over_it_only_looks() {
    let (sim, client) = gitlab("19").await;
    let id = registered(&client, Scope::Instance).await.id;
    let made = registered(&client, Scope::Project(ProjectId(41))).await;
    let late = client.within(Term::until(1, Moment::now(clock), clock));
    sim.clear_requests();
    let project = ProjectId(42);
    let failures = [
        late.register(&new(Scope::Instance)).await.map(drop),
        late.edit(id, &Settings::default()).await.map(drop),
        late.reset_token(id).await.map(drop),
        late.assign(project, made.id).await,
        late.unassign(project, made.id).await,
        late.unregister(id).await,
        late.unregister_by_token(&made.token).await,
    ];
    for failure in failures {
        let error = failure.unwrap_err();
        assert!(matches!(error, Error::NotLeading), "{error:?}");
        assert!(!error.may_have_acted());
    }
    assert_eq!(sim.requests().len(), 0);
    read(&late, id).await;
    late.ownership(id).await.unwrap();
    assert_eq!(sim.requests().len(), 2);
    client.unregister(id).await.unwrap();
}

#[tokio::test]
async fn it_leaves_word_of_what_it_changes_and_not_of_looks() {
    let (_sim, client) = gitlab("19").await;
    let trail = Trail::default();
    let client = client.leaving(&trail);
    let id = registered(&client, Scope::Instance).await.id;
    let change = trail.take().unwrap();
    let request_id = change.request_id.clone();
    assert!(request_id.is_some());
    let expected = Change {
        method: "POST",
        endpoint: "/user/runners",
        status: Some(201),
        request_id,
    };
    assert_eq!((change, trail.take()), (expected, None));
    read(&client, id).await;
    client.ownership(id).await.unwrap();
    assert_eq!(trail.take(), None);
    client.unregister(id).await.unwrap();
    client.unregister(id).await.unwrap();
    let change = trail.take().unwrap();
    assert_eq!((change.method, change.status), ("DELETE", Some(404)));
}
