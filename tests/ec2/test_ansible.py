"""Plays that make things, change nothing when they are run again, and take all of it away: a network and an instance that
is logged in to and configured; volumes, snapshots and images. Ansible's amazon.aws, unmodified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.harness.ansible import play, what_ansible_lacks
from tools.harness.instances import Guests, traces_of

PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ python }}"
    world: {Name: play}
  tasks:
    - command: {cmd: 'ssh-keygen -q -t ed25519 -N "" -f {{ folder }}/play', creates: "{{ folder }}/play"}
    - amazon.aws.ec2_key: {name: play, key_material: "{{ lookup('file', folder ~ '/play.pub') }}"}
    - amazon.aws.ec2_vpc_net: {name: play, cidr_block: 10.40.0.0/16}
      register: net
    - amazon.aws.ec2_vpc_subnet: {vpc_id: "{{ net.vpc.id }}", cidr: 10.40.1.0/24, map_public: true, tags: "{{ world }}"}
      register: subnet
    - amazon.aws.ec2_vpc_igw: {vpc_id: "{{ net.vpc.id }}", tags: "{{ world }}"}
      register: gateway
    - amazon.aws.ec2_vpc_route_table:
        vpc_id: "{{ net.vpc.id }}"
        tags: "{{ world }}"
        subnets: ["{{ subnet.subnet.id }}"]
        routes: [{dest: 0.0.0.0/0, gateway_id: "{{ gateway.gateway_id }}"}]
    - amazon.aws.ec2_security_group:
        name: play
        description: logins
        vpc_id: "{{ net.vpc.id }}"
        rules: [{proto: tcp, ports: [22], cidr_ip: 0.0.0.0/0}]
      register: group
    - amazon.aws.ec2_instance:
        name: play
        image_id: "{{ image }}"
        instance_type: t3.nano
        key_name: play
        vpc_subnet_id: "{{ subnet.subnet.id }}"
        security_groups: ["{{ group.group_id }}"]
        state: running
        wait: true
      register: made
    - wait_for: {host: "{{ made.instances[0].public_ip_address }}", port: 22, search_regex: SSH, timeout: 120}
    - add_host: {name: "{{ made.instances[0].public_ip_address }}", groups: guests}
      changed_when: false
- hosts: guests
  gather_facts: false
  vars:
    ansible_user: ec2-user
    ansible_ssh_private_key_file: "{{ folder }}/play"
    ansible_ssh_common_args: -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
  tasks:
    - raw: test -e configured || echo changed; echo "by the play" > configured; cat configured
      register: said
      changed_when: "'changed' in said.stdout"
    - assert: {that: "'by the play' in said.stdout"}
"""
REMOVAL = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ python }}"}
  tasks:
    - amazon.aws.ec2_instance: {filters: {"tag:Name": play}, state: absent, wait: true}
    - amazon.aws.ec2_vpc_net_info: {filters: {"tag:Name": play}}
      register: nets
    - amazon.aws.ec2_security_group: {name: play, vpc_id: "{{ nets.vpcs[0].id }}", state: absent}
    - amazon.aws.ec2_vpc_route_table:
        vpc_id: "{{ nets.vpcs[0].id }}"
        tags: {Name: play}
        state: absent
    - amazon.aws.ec2_vpc_igw: {vpc_id: "{{ nets.vpcs[0].id }}", state: absent}
    - amazon.aws.ec2_vpc_subnet: {vpc_id: "{{ nets.vpcs[0].id }}", cidr: 10.40.1.0/24, state: absent}
    - amazon.aws.ec2_vpc_net: {name: play, cidr_block: 10.40.0.0/16, state: absent}
    - amazon.aws.ec2_key: {name: play, state: absent}
"""
# An image is named by its id when it is changed: ec2_ami makes another one of each name.
DISKS = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ python }}"}
  tasks:
    - amazon.aws.ec2_instance:
        name: disks
        image_id: "{{ image }}"
        instance_type: t3.nano
        state: running
        wait: true
      register: made
    - amazon.aws.ec2_vol:
        name: disks-data
        instance: "{{ made.instances[0].instance_id }}"
        device_name: /dev/sdf
        volume_size: "{{ size }}"
        volume_type: gp3
        iops: 3500
        throughput: 200
        modify_volume: true
        tags: {Name: disks-data, Play: disks}
      register: data
    - assert: {that: "data.volume.attachment_set[0].device == '/dev/sdf'"}
    - amazon.aws.ec2_vol:
        name: disks-spare
        zone: "{{ data.volume.zone }}"
        volume_size: 4
        volume_type: io2
        iops: 200
        tags: {Name: disks-spare, Play: disks}
    - amazon.aws.ec2_snapshot:
        volume_id: "{{ data.volume_id }}"
        description: nightly
        snapshot_tags: {Name: disks-nightly, Play: disks}
        last_snapshot_min_age: 60
        wait: true
      register: nightly
    - amazon.aws.ec2_vol:
        name: disks-restored
        zone: "{{ data.volume.zone }}"
        snapshot: "{{ nightly.snapshot_id }}"
        volume_type: gp3
        tags: {Name: disks-restored, Play: disks}
    - amazon.aws.ec2_ami_info: {owners: self, filters: {name: disks-of-instance}}
      register: found
    - amazon.aws.ec2_ami:
        name: disks-of-instance
        instance_id: "{{ made.instances[0].instance_id }}"
        description: by the play
        no_reboot: true
        wait: true
        tags: {Name: disks-of-instance, Play: disks}
      when: not found.images
    - amazon.aws.ec2_ami_info: {owners: self, filters: {name: disks-of-instance}}
      register: found
    - amazon.aws.ec2_ami:
        image_id: "{{ found.images[0].image_id }}"
        description: by the play
        launch_permissions: {user_ids: ["111122223333"]}
        tags: {Name: disks-of-instance, Play: disks}
    - assert: {that: "found.images[0].block_device_mappings | length == 2"}
"""
REMOVAL_OF_DISKS = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ python }}"}
  tasks:
    - amazon.aws.ec2_ami_info: {owners: self, filters: {name: disks-of-instance}}
      register: found
    - amazon.aws.ec2_ami: {image_id: "{{ item.image_id }}", state: absent, wait: true, delete_snapshot: true}
      loop: "{{ found.images }}"
    - amazon.aws.ec2_instance: {filters: {"tag:Name": disks}, state: absent, wait: true}
    - amazon.aws.ec2_vol: {name: "{{ item }}", state: absent}
      loop: [disks-restored, disks-spare, disks-data]
    - amazon.aws.ec2_snapshot_info: {filters: {"tag:Play": disks}}
      register: nightly
    - amazon.aws.ec2_snapshot: {snapshot_id: "{{ item.snapshot_id }}", state: absent}
      loop: "{{ nightly.snapshots }}"
"""


@pytest.fixture
def collection() -> None:
    """What the plays are written for; without it their tests are left out."""
    if lacks := what_ansible_lacks():
        pytest.skip(lacks)


@pytest.mark.usefixtures("collection")
@pytest.mark.timeout(900)
def test_a_play_makes_configures_and_removes(guests: Guests, tmp_path: Path) -> None:
    before = traces_of(guests.server)
    try:
        assert "amazon.aws.ec2_instance" in play(guests.server, tmp_path, PLAYBOOK, image=guests.image)
        assert play(guests.server, tmp_path, PLAYBOOK, image=guests.image) == []
    finally:
        play(guests.server, tmp_path, REMOVAL)
    assert traces_of(guests.server) == before


@pytest.mark.usefixtures("collection")
@pytest.mark.timeout(900)
def test_a_play_makes_grows_and_removes_volumes(guests: Guests, tmp_path: Path) -> None:
    before = traces_of(guests.server)
    tagged = [{"Name": "tag:Play", "Values": ["disks"]}]
    try:
        changed = play(guests.server, tmp_path, DISKS, image=guests.image, size=8)
        assert {"amazon.aws.ec2_vol", "amazon.aws.ec2_snapshot", "amazon.aws.ec2_ami"} <= set(changed)
        assert play(guests.server, tmp_path, DISKS, image=guests.image, size=8) == []
        assert play(guests.server, tmp_path, DISKS, image=guests.image, size=9) == ["amazon.aws.ec2_vol"]
        named = [{"Name": "tag:Name", "Values": ["disks-data"]}]
        (data,) = guests.ec2.describe_volumes(Filters=named)["Volumes"]
        assert (data["Size"], data["Iops"], data["Throughput"], data["State"]) == (9, 3500, 200, "in-use")
    finally:
        play(guests.server, tmp_path, REMOVAL_OF_DISKS)
    assert guests.ec2.describe_snapshots(Filters=tagged)["Snapshots"] == []
    assert guests.ec2.describe_images(Filters=tagged)["Images"] == []
    assert traces_of(guests.server) == before
