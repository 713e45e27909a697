//! A process of the operator, as those it talks to know it.
use tokio_util::sync::CancellationToken;

/// Cheap to clone; clones agree.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// What the story calls it.
    pub(super) name: String,
    over: CancellationToken,
}

impl Life {
    pub(super) fn new(name: String) -> Self {
        let over = CancellationToken::new();
        Self { name, over }
    }

    /// It dies: from now on it sends nothing, and no answer reaches it.
    pub(super) fn ends(&self) {
        self.over.cancel();
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    pub(super) async fn has_ended(&self) {
        self.over.cancelled().await;
    }
}
