//! Looks at a runner that spec says to take over, of which nothing is this object's yet.
use super::by_number::Answer;
use super::scope::path_of;
use super::{Error, Observer};
use crate::gitlab::model::{Runner, Scope};
use crate::plan::{Adoption, Doubt, Sighting, Takeover, Unfit, judge, lives_at};

impl Observer<'_> {
    /// Looks whether the runner may be taken over. What status or a Secret say of a runner does not count
    /// meanwhile, since spec says which one it is to be.
    pub(super) async fn look_at_another(&mut self, takeover: Takeover<'_>) -> Result<(), Error> {
        let id = takeover.runner;
        self.facts.runner = Sighting::Unclear(Doubt::Unadopted(id));
        let unfit = |why| Adoption::Unfit(id, why);
        let can = self.connected.can;
        self.facts.adoption = Some(match self.facts.scope {
            _ if !can.manage => unfit(Unfit::Forbidden),
            None => unfit(Unfit::Untold),
            Some(scope) => match self.ask(id).await? {
                Answer::Gone | Answer::Hidden => unfit(Unfit::Missing),
                Answer::Shown(runner) => {
                    let lives = self.lives(&runner, scope).await?;
                    match judge(&runner, scope, lives, self.locator.uid, takeover) {
                        Some(why) => unfit(why),
                        None => Adoption::Fits(runner),
                    }
                }
            },
        });
        Ok(())
    }

    /// Whether a runner is at home in a place. GitLab shows a group by its path.
    async fn lives(&self, runner: &Runner, scope: Scope) -> Result<Option<bool>, Error> {
        let spelled = self.locator.target();
        let spelled = spelled.and_then(|target| target.path.as_deref());
        let lives = lives_at(runner, scope, spelled);
        // The group may be spelled by its number, or have moved.
        if lives == Some(true) || !matches!(scope, Scope::Group(_)) || !self.connected.can.list {
            return Ok(lives.filter(|_| spelled.is_some() || !matches!(scope, Scope::Group(_))));
        }
        let path = path_of(self.connected, scope).await?;
        Ok(lives_at(runner, scope, path.as_deref()))
    }
}
