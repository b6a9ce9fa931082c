# A Slurm cluster of this machine alone, for the time of a test: everything it writes is in $work.

slurm_start() {
  mkdir "$work/slurmctld.state" "$work/slurmd.spool"
  host=$(hostname -s)
  cat >"$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/none
# A task may start again after this time; the default is two minutes.
AuthInfo=cred_expire=5
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
RequeueExit=137
StateSaveLocation=$work/slurmctld.state
SlurmdSpoolDir=$work/slurmd.spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
SchedulerParameters=batch_sched_delay=1,sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  SLURM_CONF=$work/slurm.conf
  export SLURM_CONF
  slurmctld
  slurmd
}

# slurm_wait JOB: until nothing of the job is queued or running.
slurm_wait() {
  for _ in $(seq 180); do
    if [ -z "$(squeue --noheader --jobs "$1" 2>/dev/null)" ]; then return 0; fi
    sleep 1
  done
  squeue
  tail -n 5 "$work/slurmctld.log"
  return 1
}

slurm_stop() {
  for name in slurmd slurmctld; do
    if [ ! -s "$work/$name.pid" ]; then continue; fi
    process=$(cat "$work/$name.pid")
    kill "$process" 2>/dev/null || continue
    while kill -0 "$process" 2>/dev/null; do sleep 0.2; done
  done
}
