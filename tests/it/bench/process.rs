//! What the kernel says of a process.
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::figure::number;

/// As the kernel's table of connections says it.
const ESTABLISHED: &str = "01";

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

/// How many connections to that port of this machine it has open.
pub(super) fn connections(pid: u32, port: u16) -> usize {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let socket = |path: PathBuf| {
        let link = fs::read_link(path).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?;
        Some(inode.strip_suffix(']')?.to_owned())
    };
    let sockets: BTreeSet<String> = files.filter_map(|file| socket(file.ok()?.path())).collect();
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let remote = format!(":{port:04X}");
    let is_one = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, to, state, _, _, _, _, _, inode, ..] = fields[..] else {
            return false;
        };
        to.ends_with(&remote) && state == ESTABLISHED && sockets.contains(inode)
    };
    table.lines().filter(is_one).count()
}
