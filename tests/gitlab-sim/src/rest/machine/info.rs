//! What every call of a runner carries.
use serde_json::{Map, Value};

use crate::rest::{call::Call, declare::Declared, refusal::Refusal};
use crate::state::{
    Heartbeat, LEGACY_SYSTEM_ID, MachineInfo, ManagerId, RegistrationType, Runner, RunnerType,
    facts,
};

/// The runner whose token is in the parameter `token`: unknown and expired are one answer.
pub(super) fn authenticated(call: &Call<'_>, given: &Declared) -> Result<Runner, Refusal> {
    call.gitlab
        .authenticated_runner(given.text("token").unwrap_or_default(), call.now)
        .and_then(|id| call.gitlab.runners.get(&id).cloned())
        .ok_or_else(Refusal::forbidden)
}

/// Contract §1.3, 422: about 17.9 to 18.0 only, a project runner that lost every project.
pub(super) fn check_owned(call: &Call<'_>, runner: &Runner) -> Result<(), Refusal> {
    let settings = &call.gitlab.settings;
    let looked_at = settings.between(facts::ORPHANS_REFUSED, facts::ORPHANS_LET_IN);
    let orphaned = runner.runner_type == RunnerType::Project && runner.projects.is_empty();
    if !(looked_at && orphaned) {
        Ok(())
    } else if settings.reject_orphaned_runners {
        Err(Refusal::forbidden_because("Runner is orphaned"))
    } else {
        Err(Refusal::message(422, "Runner is orphaned"))
    }
}

/// Records a contact that is not a request for a job. Whether the runner's own contact time moves
/// depends on the release (contract §3.17).
pub(super) fn contact(
    call: &mut Call<'_>,
    runner: &Runner,
    given: &Declared,
) -> Result<(), Refusal> {
    let by_registration = runner.registration_type == RegistrationType::RegistrationToken;
    let alone = !call.gitlab.since(facts::MANAGER_ROWS);
    let touches_runner = alone || by_registration || call.gitlab.since(facts::VERIFY_IS_CONTACT);
    beat(call, runner, given, touches_runner, false).map(|_| ())
}

/// Records what a runner without machines says of itself as it registers (contract §11).
pub(super) fn introduce(
    call: &mut Call<'_>,
    runner: &Runner,
    given: &Declared,
) -> Result<(), Refusal> {
    beat(call, runner, given, false, false)?;
    let address = call.address().to_string();
    if let Some(runner) = call.gitlab.runners.get_mut(&runner.id) {
        runner.ip_address = Some(address);
    }
    Ok(())
}

/// Records a request for a job.
pub(super) fn job_contact(
    call: &mut Call<'_>,
    runner: &Runner,
    given: &Declared,
) -> Result<ManagerId, Refusal> {
    beat(call, runner, given, true, true)
}

fn beat(
    call: &mut Call<'_>,
    runner: &Runner,
    given: &Declared,
    touches_runner: bool,
    asks_for_job: bool,
) -> Result<ManagerId, Refusal> {
    let beat = Heartbeat {
        system_id: given
            .text("system_id")
            // Runners that share a token are one row where there are no machines.
            .filter(|_| call.gitlab.since(facts::MANAGER_ROWS))
            .unwrap_or(LEGACY_SYSTEM_ID)
            .to_owned(),
        info: given.hash("info").map(machine_info).unwrap_or_default(),
        address: call.address(),
        touches_runner,
        asks_for_job,
    };
    // A system id that does not fit makes the find-or-create raise (contract §1.5).
    call.gitlab
        .heartbeat(runner.id, beat, call.now)
        .map_err(|_| Refusal::internal())
}

fn machine_info(info: &Map<String, Value>) -> MachineInfo {
    let text = |name: &str, limit: usize| {
        info.get(name)
            .and_then(Value::as_str)
            .map(|text| text.chars().take(limit).collect())
    };
    MachineInfo {
        version: text("version", 2048),
        revision: text("revision", 255),
        platform: text("platform", 255),
        architecture: text("architecture", 255),
        executor: text("executor", 255),
    }
}
