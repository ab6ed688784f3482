#!/usr/bin/env bash
# slurm_sandbox.sh - bring a small multi-node Slurm up or down on ONE machine, for tests.
#
#   slurm_sandbox.sh up     DIR [NODES] [CPUS_PER_NODE]   default: 4 nodes of 2 CPUs
#   slurm_sandbox.sh down   DIR                           cancel all jobs, stop all daemons
#   slurm_sandbox.sh status DIR                           rc 0 if the controller and all nodes answer
#   slurm_sandbox.sh env    DIR                           print the exports a client shell needs
#
# Typical use:   slurm_sandbox.sh up /var/tmp/sl && eval "$(slurm_sandbox.sh env /var/tmp/sl)"
#                srun --mpi=pmix -N2 -n4 ./prog ; sbatch job.sh ; slurm_sandbox.sh down /var/tmp/sl
#
# Needs (Debian 12): apt-get install slurm-wlm munge openmpi-bin   (+ util-linux, iproute2 not needed)
# Runs as root, without systemd, cgroups, a database or any file outside DIR. The daemons listen on
# all interfaces (Slurm 22.05 has no bind option) but only ever talk to 127.0.0.1.
#
# How several nodes fit on one host: Debian's slurmd is built with MULTIPLE_SLURMD; each one gets its
# own port, spool, pid, log and TmpFS (through %n) and its own UTS namespace, so that
# `hostname` differs by node. With one common host name Open MPI's shared-memory segments
# (/dev/shm/vader_segment.HOST.UID.JOB.RANK) of two "nodes" collide and ranks segfault. Where UTS
# namespaces cannot be had (a container without CAP_SYS_ADMIN) a TaskProlog gives each node a segment
# folder of its own instead; then all nodes share the host name and only srun, not mpirun, is sound.
#
# Knobs: SLURM_SANDBOX_PORT (first port, default 17800), SLURM_SANDBOX_EXTRA (lines for slurm.conf).
set -euo pipefail

die() { echo "slurm_sandbox: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
cmd=$1
D=$(realpath -m -- "$2")
nodes=${3:-4} cpus=${4:-2} port=${SLURM_SANDBOX_PORT:-17800}
export SLURM_CONF=$D/slurm.conf
msock=$D/munge/munge.sock uts=1
shm=/dev/shm/slurm-sandbox-$(printf %s "$D" | cksum | cut -d' ' -f1)

[ "$(id -u)" = 0 ] || die "must run as root"
case $D in *[[:space:],=]*) die "DIR must not hold spaces, commas or '='" ;; esac
[ ${#D} -le 60 ] || die "DIR is too long for unix socket paths (max 60 characters): $D"

alive() { # alive PIDFILE NAME: does PIDFILE name a running NAME?
    local p; p=$(cat "$1" 2>/dev/null) && [ -n "$p" ] && [[ $(readlink "/proc/$p/exe") == */"$2"* ]]
}
wait_for() { # wait_for SECONDS COMMAND...
    local end=$((SECONDS + $1)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
ours() { # pids of this sandbox's daemons and of what its jobs left (on Debian the programs'
         # real names are slurmd-wlm and so on)
    local p
    # shellcheck disable=SC2013  # names under /proc hold no spaces
    for p in $(grep -lzsxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ); do
        case $(readlink "${p%environ}exe") in
        */slurmctld*|*/slurmd*|*/slurmstepd*) ;;
        *) grep -qzs '^SLURMD_NODENAME=' "$p" || continue ;;   # only a job's process has this
        esac
        p=${p#/proc/}; echo "${p%/environ}"
    done
}
none_ours() { [ -z "$(ours)" ]; }
no_jobs()   { [ -z "$(squeue -h 2>/dev/null)" ]; }
all_idle()  { # every configured node answers
    local want got
    want=$(sed -n 's/^# nodes=//p' "$SLURM_CONF")
    got=$(sinfo -h -N -o '%N %t' 2>/dev/null | grep -Ec ' (idle|alloc|mix|comp)$') || true
    [ "$got" = "$want" ]
}

write_conf() {
    local ctl=ctl names=
    if [ $uts = 0 ]; then
        ctl=$(hostname -s) names=" NodeHostname=$(hostname -s)"
        # shellcheck disable=SC2016  # for the node's shell to expand
        printf '#!/bin/sh\nd=%s-$SLURMD_NODENAME\nmkdir -p "$d"\necho "export OMPI_MCA_btl_vader_backing_directory=$d"\n' \
            "$shm" > "$D/task-prolog.sh"
        chmod 755 "$D/task-prolog.sh"
    fi
    cat > "$SLURM_CONF" <<CONF
# nodes=$nodes
ClusterName=sandbox
SlurmctldHost=$ctl(127.0.0.1)
SlurmctldPort=$port
SrunPortRange=$((port + 100))-$((port + 199))
SlurmUser=root
SlurmdUser=root
# cred_expire: a requeued job may start again only this long after its requeue (default 120 s)
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$msock,cred_expire=5
MailProg=/bin/true
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
# PMIx keeps its sockets in TmpFS: it must differ by node
TmpFS=$D/tmp/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd-%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd-%n.log
SwitchType=switch/none
MpiDefault=pmix
# no cgroups, no accounting database, no CPU binding (the nodes share the same cores)
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$D/log/jobcomp.txt
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
ReturnToService=2
# let a node claim more CPUs than the machine has
SlurmdParameters=config_overrides
KillWait=5
JobRequeue=1
# Open MPI names shared memory by host and job: those of two sandboxes must not meet
FirstJobId=$((port * 50))
${SLURM_SANDBOX_EXTRA:-}
NodeName=n[1-$nodes]$names NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    [ $uts = 1 ] || echo "TaskProlog=$D/task-prolog.sh" >> "$SLURM_CONF"
    # NodeName=n[1-1] Port=[1-1] is not accepted for one node
    [ "$nodes" != 1 ] || sed -i "s/^NodeName=n\[1-1\]/NodeName=n1/; s/Port=\[\([0-9]*\)-[0-9]*\]/Port=\1/" "$SLURM_CONF"
}

named() { # named HOSTNAME COMMAND...: run it under that host name where that can be had
    local h=$1; shift
    # shellcheck disable=SC2016
    if [ $uts = 1 ]; then unshare --uts sh -c 'hostname "$0" && exec "$@"' "$h" "$@"; else "$@"; fi
}

up() {
    local p i
    for p in munged munge slurmctld slurmd unshare hostname sinfo; do
        command -v $p >/dev/null || die "$p not found: apt-get install slurm-wlm munge"
    done
    unshare --uts true 2>/dev/null || uts=0
    mkdir -p "$D"/munge "$D"/run "$D"/log "$D"/state "$D"/spool "$D"/tmp
    chmod 0755 "$D"; chmod 0711 "$D/munge"            # munged insists on tight permissions
    # Keep the configuration of a sandbox that is running.
    none_ours && write_conf
    nodes=$(sed -n 's/^# nodes=//p' "$SLURM_CONF")
    for i in $(seq "$nodes"); do mkdir -p "$D/tmp/n$i" "$D/spool/n$i"; done

    [ -s "$D/munge/munge.key" ] || (umask 077; head -c 128 /dev/urandom > "$D/munge/munge.key")
    alive "$D/munge/munged.pid" munged ||
        munged --force --socket="$msock" --key-file="$D/munge/munge.key" --pid-file="$D/munge/munged.pid" \
               --log-file="$D/munge/munged.log" --seed-file="$D/munge/munged.seed" 2>>"$D/log/start.log" ||
        die "munged did not start, see $D/munge/munged.log"
    wait_for 120 munge -n --socket="$msock" -o /dev/null || die "munged does not answer"

    # Daemons start in / with their own host name and no descriptor of the caller's.
    alive "$D/run/slurmctld.pid" slurmctld ||
        (cd / && named ctl slurmctld </dev/null >>"$D/log/start.log" 2>&1) ||
        die "slurmctld did not start, see $D/log"
    for i in $(seq "$nodes"); do
        alive "$D/run/slurmd-n$i.pid" slurmd ||
            (cd / && named "n$i" slurmd -N "n$i" </dev/null >>"$D/log/start.log" 2>&1) ||
            die "slurmd n$i did not start, see $D/log"
    done
    wait_for 300 all_idle || { sinfo -N -l || true; die "not all nodes came up, see $D/log"; }
    sinfo
}

down() {
    local p
    if [ -f "$SLURM_CONF" ]; then
        if alive "$D/run/slurmctld.pid" slurmctld; then
            squeue -h -o %A 2>/dev/null | sort -u | xargs -r scancel 2>/dev/null || true
            wait_for 10 no_jobs || true
            scontrol shutdown 2>/dev/null || true      # stops slurmctld and every slurmd
        fi
        wait_for 5 none_ours || true
        for p in $(ours); do kill -TERM "$p" 2>/dev/null || true; done
        wait_for 5 none_ours || true
        for p in $(ours); do kill -KILL "$p" 2>/dev/null || true; done
    fi
    if alive "$D/munge/munged.pid" munged; then
        munged --stop --socket="$msock" >/dev/null 2>&1 || kill "$(cat "$D/munge/munged.pid")" 2>/dev/null || true
    fi
    rm -rf "$D/state" "$D/spool" "$D/tmp" "$D/run" "$msock" "$msock.lock" "$shm"-*   # logs and slurm.conf stay
}

case $cmd in
up) up ;;
down) down ;;
status) [ -f "$SLURM_CONF" ] && scontrol ping && sinfo -N && all_idle ;;
env)
    echo "export SLURM_CONF=$SLURM_CONF"
    # Open MPI between the nodes, over loopback only; mpirun as root
    echo "export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo"
    echo "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1" ;;
*) die "unknown command $cmd" ;;
esac
