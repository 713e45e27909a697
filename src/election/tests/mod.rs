//! Candidates under paused time.
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use world::{DURATION, Node, Server, Way, clock, fast_clock};

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_gives_up_before_the_next_one_begins() {
    for (refuses, hangs) in [(true, false), (false, true)] {
        let server = Arc::default();
        let mut one = Node::new(&server, "one");
        let first = one.led().await;
        let mut other = Node::new(&server, "other");
        sleep(Duration::from_secs(5)).await;
        let cut = Instant::now();
        one.is(Way {
            refuses,
            hangs,
            ..Way::default()
        });
        timeout(DURATION * 2 / 3, first.over()).await.unwrap();
        assert_eq!(other.leads(), None);
        let second = other.led().await;
        assert!(second.number() > first.number());
        assert!(
            cut.elapsed() <= Duration::from_secs(20),
            "{:?}",
            cut.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_an_hour_ahead_drives_nobody_out() {
    let server = Arc::default();
    let mut slow = Node::new(&server, "slow");
    let term = slow.led().await;
    let fast = Node::by_the_clock(&server, "fast", fast_clock);
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        assert_eq!((slow.leads(), fast.leads()), (term.number(), None));
    }
}

#[tokio::test(start_paused = true)]
async fn who_steps_down_lets_the_next_one_begin_at_once() {
    let server = Arc::default();
    let mut one = Node::new(&server, "one");
    one.led().await;
    let mut other = Node::new(&server, "other");
    sleep(Duration::from_secs(3)).await;
    let told = Instant::now();
    one.stop.cancel();
    other.led().await;
    assert!(told.elapsed() <= DURATION / 10, "{:?}", told.elapsed());
    assert_eq!(one.leads(), None);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_the_name_of_the_one_before_begins_at_once_with_a_term_of_its_own() {
    let server = Arc::default();
    let mut before = Node::new(&server, "pod");
    let first = before.led().await;
    let began = Instant::now();
    let mut after = Node::new(&server, "pod");
    let second = after.led().await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(second.number() > first.number());
    timeout(DURATION, first.over()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_ends_no_term() {
    let server: Arc<Mutex<Server>> = Arc::default();
    let mut one = Node::new(&server, "one");
    let term = one.led().await;
    for _ in 0..20 {
        // Written, and the answer is lost on its way back.
        one.is(Way {
            latency: Duration::from_secs(2),
            ..Way::default()
        });
        sleep(Duration::from_millis(2_600)).await;
        one.is(Way {
            refuses: true,
            ..Way::default()
        });
        sleep(Duration::from_millis(900)).await;
        one.is(Way::default());
        sleep(Duration::from_secs(4)).await;
        assert_eq!(one.leads(), term.number());
    }
}

/// Who led notices it late, or not at all.
#[tokio::test(start_paused = true)]
async fn a_lease_that_is_deleted_or_emptied_by_somebody_counts_as_long_as_it_would() {
    for emptied in [false, true] {
        let server: Arc<Mutex<Server>> = Arc::default();
        let mut one = Node::new(&server, "one");
        let term = one.led().await;
        let mut other = Node::new(&server, "other");
        sleep(Duration::from_secs(4)).await;
        one.is(Way {
            hangs: true,
            ..Way::default()
        });
        if emptied {
            let mut server = server.lock().unwrap();
            let lease = server.lease.as_mut().unwrap();
            lease["spec"]["holderIdentity"] = "".into();
            lease["metadata"]["resourceVersion"] = "by hand".into();
        } else {
            server.lock().unwrap().lease = None;
        }
        term.over().await;
        assert_eq!(other.leads(), None, "{emptied}");
        let next = other.led().await;
        assert!(next.number() > term.number());
    }
}

#[tokio::test(start_paused = true)]
async fn one_connection_that_has_died_unseen_ends_no_term() {
    let server = Arc::default();
    let mut one = Node::new(&server, "one");
    let term = one.led().await;
    for _ in 0..10 {
        one.is(Way {
            hangs: true,
            ..Way::default()
        });
        sleep(DURATION / 10 + Duration::from_secs(1)).await;
        // The request that hangs does so for ever.
        one.is(Way::default());
        sleep(Duration::from_secs(7)).await;
        assert_eq!(one.leads(), term.number());
    }
}

/// The others count from what they see written, and that may be long before the answer.
#[tokio::test(start_paused = true)]
async fn a_renewal_counts_from_when_it_was_asked_for() {
    let server: Arc<Mutex<Server>> = Arc::default();
    let mut one = Node::new(&server, "one");
    let term = one.led().await;
    one.is(Way {
        late: Duration::from_secs(3),
        ..Way::default()
    });
    sleep(Duration::from_secs(5)).await;
    one.is(Way {
        hangs: true,
        ..Way::default()
    });
    term.over().await;
    let written = server.lock().unwrap().written.unwrap();
    assert!(
        written.elapsed() <= DURATION * 2 / 3,
        "{:?}",
        written.elapsed()
    );
}

/// Whatever happens to their ways, there are never two leaders, and numbers only grow.
#[tokio::test(start_paused = true)]
async fn never_do_two_lead_at_the_same_time() {
    for seed in 1..=8_u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let server = Arc::default();
        let names = ["a", "b", "c"];
        let clocks = [clock, fast_clock, clock];
        let nodes: Vec<Node> = std::iter::zip(names, clocks)
            .map(|(name, clock)| Node::by_the_clock(&server, name, clock))
            .collect();
        let (mut last, mut terms) = (None, 0);
        for _ in 0..10_000 {
            sleep(Duration::from_millis(100)).await;
            if random(40) == 0 {
                nodes[usize::try_from(random(3)).unwrap()].is(Way {
                    latency: Duration::from_millis(random(2_500)),
                    late: Duration::from_millis(random(1_500)),
                    refuses: random(4) == 0,
                    hangs: random(4) == 0,
                });
            }
            let leading: Vec<i32> = nodes.iter().filter_map(Node::leads).collect();
            assert!(leading.len() <= 1, "seed {seed}: {leading:?}");
            if let Some(&number) = leading.first()
                && last != Some(number)
            {
                let grows = last.is_none_or(|last| number > last);
                assert!(grows, "seed {seed}: {number} after {last:?}");
                (last, terms) = (Some(number), terms + 1);
            }
        }
        assert!(terms > 5, "seed {seed}: only {terms} terms");
        for node in &nodes {
            node.stop.cancel();
        }
    }
}
