//! An error and its causes, for people.
use std::error::Error as StdError;

/// An error and its causes in one line, cut to what a condition can hold. A cause that says what was
/// said before is left away, as of an error that wraps another and shows it as its own.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // kube would show the whole reply after its message, and the message once more as a cause.
        let message = api_message(error);
        let said = message.map_or_else(|| error.to_string(), str::to_owned);
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source().filter(|_| message.is_none());
    }
    text.chars().take(900).collect()
}

fn api_message<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a str> {
    let boxed = error.downcast_ref::<Box<kube::Error>>();
    let error = boxed.map(|boxed| &**boxed).or(error.downcast_ref())?;
    let kube::Error::Api(status) = error else {
        return None;
    };
    Some(&status.message)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Outer(&'static str, #[source] io::Error);

    #[test]
    fn nothing_is_said_twice() {
        let cause = || io::Error::other("the certificate has expired");
        assert_eq!(
            chain(&Outer("no connection", cause())),
            "no connection: the certificate has expired"
        );
        let wrapped = Outer("no connection: the certificate has expired", cause());
        assert_eq!(chain(&wrapped), wrapped.0);
    }
}
