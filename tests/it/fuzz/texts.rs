//! What Secrets hold as credentials, bundles of certificates, and the first characters of tokens.
use gitlab_runner_registrar::gitlab::{Budget, Client, RunnerId, RunnerToken};
use gitlab_runner_registrar::plan;
use gitlab_runner_registrar::secrets::{Entry, is_short_for};

use super::driver::Target;
use super::exchange::{ROOT, endpoint};

pub(super) const TARGET: Target = Target {
    name: "texts",
    runs: 1000,
    words: &[
        "\u{feff}",
        "\n",
        "\r\n",
        " ",
        "glpat-",
        "glrt-",
        "glrtr-",
        "GR1348941",
        "\"",
        "'",
        "\u{a0}",
        "t1_",
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----",
    ],
    check,
};

fn check(input: &[u8]) -> Result<String, String> {
    let mut kinds = Vec::new();
    for read in [plan::credential, plan::registration_token] {
        match read(input) {
            Ok(token) => {
                let fits = token.bytes().all(|byte| byte.is_ascii_graphic());
                if !fits || plan::trimmed(token) != token || read(token.as_bytes()) != Ok(token) {
                    return Err(format!("{token:?} would be sent"));
                }
                kinds.push("a token");
            }
            Err(why) => {
                quotes_nothing(input, &why)?;
                kinds.push("none");
            }
        }
    }
    let text = String::from_utf8_lossy(input);
    kinds.push(short(&text));
    // The system's own certificates are read with each bundle, which takes its time.
    if input.starts_with(b"-----BEGIN") {
        kinds.push(bundle(input)?);
    }
    Ok(kinds.join(" "))
}

/// What is wrong is told by its place. Words of ours may stand in what was typed, but not five letters and digits.
fn quotes_nothing(input: &[u8], why: &str) -> Result<(), String> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let quoted = input.windows(5).filter(|piece| piece.iter().all(is_part));
    for piece in quoted {
        let piece = str::from_utf8(piece).unwrap_or_default();
        if why.contains(piece) && !"UTF-8 ASCII U+000D GR1348941 CI/CD".contains(piece) {
            return Err(format!("{why:?} quotes {piece:?}"));
        }
    }
    Ok(())
}

fn short(text: &str) -> &'static str {
    let (shown, token) = text.split_once('\n').unwrap_or((text, text));
    let kept = Entry {
        token: RunnerToken::new(token.to_owned()),
        runner: RunnerId(1),
        gitlab_url: String::new(),
        attempt: None,
        operation: None,
        issued_at: None,
        expires_at: None,
        rotation_deadline: None,
    };
    if is_short_for(shown, &kept) {
        "its token"
    } else {
        "another"
    }
}

fn bundle(pem: &[u8]) -> Result<&'static str, String> {
    control_plane_tls();
    let mut endpoint = endpoint(ROOT);
    endpoint.ca_pem = Some(pem.to_vec());
    let (budget, observe) = (Budget::per_minute(60), std::sync::Arc::new(|_| ()));
    match Client::new(&endpoint, None, observe, budget) {
        Ok(_) => Ok("a bundle"),
        Err(error) => {
            let said = gitlab_runner_registrar::chain::chain(&error);
            if said.chars().count() > 1000 || said.chars().any(char::is_control) {
                return Err(said);
            }
            Ok("no bundle")
        }
    }
}

fn control_plane_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
