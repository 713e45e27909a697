//! What a credential opens, and whether to try it again.
use gitlab_runner_registrar::{
    api::conditions::Reason,
    gitlab::model::{AccessToken, Metadata},
    plan::{Account, Can, Recheck, Trouble, is_tolerable, recheck, too_small},
};

const NOTHING: Can = Can {
    register: false,
    manage: false,
    assign: false,
    list: false,
    graphql: false,
    rotate: false,
    granular: false,
};

pub(super) fn account(scopes: &[&str]) -> Account {
    Account {
        token: Some(AccessToken {
            name: "operator".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires_at: None,
            created_at: None,
        }),
        metadata: Some(Metadata {
            version: "18.5.0-ee".to_owned(),
            enterprise: Some(true),
        }),
        admin: Some(false),
        username: Some("operator".to_owned()),
        lacks: Vec::new(),
    }
}

/// Contract §1.2, row by row.
#[test]
fn a_scope_opens_what_the_contract_says() {
    let reads = Can {
        list: true,
        graphql: true,
        ..NOTHING
    };
    let least = Can {
        register: true,
        manage: true,
        ..NOTHING
    };
    let rows: [(&[&str], Can); 12] = [
        (&["api"], Can::ALL),
        (&["read_api"], reads),
        (
            &["create_runner"],
            Can {
                register: true,
                ..NOTHING
            },
        ),
        (
            &["manage_runner"],
            Can {
                manage: true,
                ..NOTHING
            },
        ),
        (&["read_user"], NOTHING),
        (
            &["self_rotate"],
            Can {
                rotate: true,
                ..NOTHING
            },
        ),
        (&["admin_mode"], NOTHING),
        (&["create_runner", "manage_runner"], least),
        (
            &["create_runner", "manage_runner", "read_api", "self_rotate"],
            Can {
                assign: false,
                ..Can::ALL
            },
        ),
        (&[], NOTHING),
        (&["granular"], Can::GRANULAR),
        // No fine-grained token has other scopes.
        (&["granular", "read_user"], NOTHING),
    ];
    for (scopes, can) in rows {
        assert_eq!(account(scopes).can(), can, "{scopes:?}");
    }
    assert_eq!(
        Account::default().can(),
        Can::ALL,
        "a token that tells no scopes is tried"
    );
}

/// Contract §8: GitLab judges, and what it leaves out of a list proves nothing.
#[test]
fn a_fine_grained_token_is_tried_and_its_lists_prove_nothing() {
    let silent = Account {
        lacks: vec!["GitLab said 403".to_owned()],
        ..Account::default()
    };
    for account in [account(&["granular"]), silent] {
        let can = account.can();
        assert_eq!(can, Can::GRANULAR);
        assert!(can.register && can.list && !can.lists_all());
        assert_eq!(can.words(), ["granular"]);
        assert_eq!(too_small(&account), None);
    }
    assert!(Can::ALL.lists_all() && !NOTHING.lists_all());
}

#[test]
fn what_cannot_register_is_too_small() {
    for (scopes, has) in [
        (
            &["read_api", "manage_runner"][..],
            "manage_runner, read_api",
        ),
        (&[], "none"),
    ] {
        let trouble = too_small(&account(scopes)).unwrap();
        assert_eq!(trouble.reason, Reason::ScopeTooSmall);
        assert!(trouble.message.contains(has), "{}", trouble.message);
    }
    for scopes in [&["api"][..], &["create_runner"]] {
        assert_eq!(too_small(&account(scopes)), None);
    }
    assert_eq!(too_small(&Account::default()), None);
}

/// A revoked token that is used again revokes its successors (contract §1.10).
#[test]
fn gitlab_is_asked_again_only_where_that_can_help() {
    let soon = [
        Reason::Unreachable,
        Reason::TlsFailed,
        Reason::NotGitLab,
        Reason::CredentialForbidden,
        Reason::GitLabThrottled,
        // None of these is GitLab's word.
        Reason::KubernetesError,
        Reason::BrokenOff,
        Reason::Pending,
        Reason::RotationUnstored,
    ];
    for reason in Reason::ALL {
        let expected = if soon.contains(reason) {
            Recheck::Soon
        } else {
            Recheck::OnChange
        };
        assert_eq!(recheck(&Trouble::new(*reason, "")), expected, "{reason:?}");
    }
}

/// An answer that is lost now and then is no alarm; a word of GitLab's always counts.
#[test]
fn only_what_says_nothing_is_put_up_with_and_not_for_long() {
    let nothing = [
        Reason::Unreachable,
        Reason::NotGitLab,
        Reason::KubernetesError,
    ];
    for reason in Reason::ALL {
        for failed_before in 0..4 {
            let expected = nothing.contains(reason) && failed_before < 2;
            let tolerable = is_tolerable(&Trouble::new(*reason, ""), failed_before);
            assert_eq!(tolerable, expected, "{reason:?} after {failed_before}");
        }
    }
}
