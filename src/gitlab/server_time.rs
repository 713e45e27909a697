//! What time it is at GitLab.
use jiff::Timestamp;

use super::client::Client;
use super::error::Error;
use super::limits::moment;
use super::request::Request;

impl Client {
    /// The time at which GitLab, or what stands in front of it, says to have answered, to the second.
    /// `None` where it does not say.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, Error> {
        let path = "/personal_access_tokens/self";
        let given = self
            .send(Request::get(path, path.to_owned()))
            .await?
            .given()?;
        Ok(moment(given.headers(), "date"))
    }
}
