//! What GitLab of this version cannot do: said, and not tried again and again.
use gitlab_runner_registrar::{
    api::v1alpha1::DriftPolicy,
    gitlab::model::Note,
    plan::{Outcome, Plan, Sighting, Wanted},
};

use super::{Known, told};
use crate::decisions::given::{mark, seen, want};

/// What Synced and Ready say of a wanted note where GitLab has this one.
fn says(note: Note, change: impl FnOnce(&mut Wanted)) -> [String; 2] {
    let (mut want, mut seen) = (want(), seen());
    want.settings.maintenance_note = Some("text".to_owned());
    change(&mut want);
    if let Sighting::Present(runner) = &mut seen.runner {
        runner.maintenance_note = note;
    }
    let status = Known::new(want, seen).first(&Outcome::Planned(Plan::Rest));
    ["Synced=", "Ready="].map(|about| {
        let told = told(&status);
        let said = told.iter().find_map(|said| said.strip_prefix(about));
        said.unwrap().to_owned()
    })
}

#[test]
fn a_note_that_cannot_be_changed_is_told() {
    let marked = |text: &str| Some(mark().sign(text));
    let both = |said: &str| [said.to_owned(), said.to_owned()];
    assert_eq!(
        says(Note::Fixed(marked("text")), |_| {}),
        both("True Succeeded")
    );
    for other in [marked("other"), Some("text".to_owned()), None] {
        assert_eq!(says(Note::Fixed(other), |_| {}), both("False Unsupported"));
    }
    // Whoever reports only sees that it differs.
    assert_eq!(
        says(Note::Fixed(None), |want| want.drift = DriftPolicy::Report),
        ["False Drifted", "True Drifted"]
    );
    // Whatever else differs is on its way.
    let busy = says(Note::Fixed(None), |want| {
        want.settings.paused = Some(true);
    });
    assert_eq!(busy[0], "False Progressing");
}

#[test]
fn a_note_that_cannot_be_read_is_neither_as_wanted_nor_another() {
    let [synced, ready] = says(Note::Unseen, |_| {});
    assert_eq!(synced, "Unknown Unsupported");
    assert_eq!(ready, "False Unsupported");
    let unmanaged = says(Note::Unseen, |want| want.settings.maintenance_note = None);
    assert_eq!(unmanaged, ["True Succeeded", "True Succeeded"]);
}
