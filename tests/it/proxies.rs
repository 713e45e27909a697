//! A proxy of the machine, and one of the kubeconfig: each where it should be, and no password of
//! theirs anywhere. The log is searched for those at the end of each story.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{condition, runner, story, token, until};

/// Nothing ever listens on the discard port.
const DEAD: &str = "http://127.0.0.1:9";
pub(crate) const PASSWORD: &str = "canary-of-the-proxy";
/// `me:canary-of-the-proxy`.
const BASIC: &str = "Basic bWU6Y2FuYXJ5LW9mLXRoZS1wcm94eQ==";

/// A proxy that makes tunnels for whoever knows the password, and does nothing else.
pub(crate) struct Proxy {
    address: String,
    tunnels: Arc<AtomicUsize>,
    refusals: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap().to_string(),
            tunnels: Arc::default(),
            refusals: Arc::default(),
        };
        let (tunnels, refusals) = (proxy.tunnels.clone(), proxy.refusals.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (tunnels, refusals) = (tunnels.clone(), refusals.clone());
                tokio::spawn(async move {
                    let served = serve(client, &tunnels).await;
                    refusals.fetch_add(usize::from(!served), Ordering::SeqCst);
                });
            }
        });
        proxy
    }

    /// Its address, with the password.
    pub(crate) fn url(&self) -> String {
        format!("http://me:{PASSWORD}@{}", self.address)
    }

    /// How many tunnels it has made.
    pub(crate) fn tunnels(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }
}

/// Tells whether it made a tunnel.
async fn serve(client: TcpStream, tunnels: &AtomicUsize) -> bool {
    let mut client = BufReader::new(client);
    let (mut target, mut known) = (None, false);
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await.unwrap_or_default() <= 2 {
            break;
        }
        if let Some(rest) = line.strip_prefix("CONNECT ") {
            target = rest.split(' ').next().map(str::to_owned);
        }
        known |= line.trim_end().ends_with(BASIC);
    }
    let Some(target) = target.filter(|_| known) else {
        let no = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let _ = client.write_all(no.as_bytes()).await;
        return false;
    };
    let mut server = TcpStream::connect(target).await.unwrap();
    tunnels.fetch_add(1, Ordering::SeqCst);
    let yes = "HTTP/1.1 200 Connection established\r\n\r\n";
    client.write_all(yes.as_bytes()).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_proxy_of_the_machine_is_not_on_the_way_to_an_exception() {
    story("proxies-dead")
        .without_an_operator()
        .tell(async |story| {
            for name in ["HTTPS_PROXY", "HTTP_PROXY"] {
                story.cast.finds(name, DEAD);
            }
            story.cast.finds("NO_PROXY", "127.0.0.1,localhost");
            story.the_operator_starts().await;
            story.is_connected_to_gitlab().await;
            story.apply(&runner("smew")).await;
            story.is_ready("smew").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kubeconfigs_proxy_is_used_and_its_password_told_to_nobody_else() {
    let proxy = Proxy::start().await;
    story("proxies-kubeconfig")
        .without_an_operator()
        .tell(async |story| {
            story.cast.reads("proxy-url", &proxy.url());
            // GitLab's is http, so this one is on the way there; and it makes tunnels only.
            story.cast.finds("HTTP_PROXY", &proxy.url());
            story.the_operator_starts().await;
            story.connects("gitlab", token::ADMIN).await;
            let told = story
                .connection_says("gitlab", "Ready", "False", "NotGitLab")
                .await;
            let message = condition(&told, "Ready").unwrap().message;
            assert!(message.contains("407"), "{message}");
            assert!(proxy.tunnels() > 0);
            assert!(proxy.refusals.load(Ordering::SeqCst) > 0);
            assert!(!story.operator().log().contains(BASIC));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_behind_a_dead_proxy_is_awaited_and_no_password_told() {
    story("proxies-refused")
        .without_an_operator()
        .tell(async |story| {
            story
                .cast
                .reads("server", "https://kubernetes.example.com:6443");
            let dead = format!("http://me:{PASSWORD}@127.0.0.1:9");
            story.cast.finds("HTTPS_PROXY", &dead);
            story.cast.finds("NO_PROXY", "127.0.0.1,localhost");
            story.the_operator_starts().await;
            until("it says what it waits for", async || {
                let log = story.operator().log();
                let waits = log.contains("the API server does not answer yet");
                if waits { Ok(()) } else { Err(log) }
            })
            .await;
            assert!(!story.operator().log().contains("bWU6Y2FuYXJ5"));
        })
        .await;
}
