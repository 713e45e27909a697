//! What the kernel says of a process.
use std::fs;
use std::time::Duration;

use super::figure::number;

/// The resident set now, in MiB.
pub(super) fn memory(pid: u32) -> f64 {
    field(pid, "VmRSS:")
}

/// The largest resident set so far, in MiB.
pub(super) fn peak_memory(pid: u32) -> f64 {
    field(pid, "VmHWM:")
}

fn field(pid: u32, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().split_whitespace().next().unwrap();
    number(kib.parse().unwrap()) / 1024.0
}

/// The processor time so far, in user mode and in the kernel.
pub(super) fn processor_time(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The second field is the program's name in parentheses, which may hold spaces.
    let (_, rest) = text.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = [11, 12]
        .iter()
        .map(|at| fields[*at].parse::<u64>().unwrap())
        .sum();
    // Linux counts in hundredths of a second here, whatever its own timer does.
    Duration::from_millis(ticks * 10)
}
