//! The fields of EC2's instance and of all that it holds: API name, field of the SDK. In the API's order of names; whatever
//! the cloud left out is left out.

use aws_sdk_ec2::types;
use serde_json::{Map, Value};

use super::Json;

macro_rules! words {
    ($($word:ident),+ $(,)?) => { $(
        impl Json for types::$word {
            fn json(&self) -> Value {
                Value::from(self.as_str())
            }
        }
    )+ };
}

macro_rules! record {
    ($record:ident { $($name:ident: $field:ident),+ $(,)? }) => {
        impl Json for types::$record {
            fn json(&self) -> Value {
                let mut object = Map::new();
                $(
                    if let Some(value) = &self.$field {
                        object.insert(stringify!($name).to_owned(), value.json());
                    }
                )+
                Value::Object(object)
            }
        }
    };
}

words! {
    AmdSevSnpSpecification, ArchitectureValues, AttachmentStatus, BootModeValues, CapacityReservationPreference, DeviceType, HostnameType, HttpTokensState, HypervisorType, InstanceAutoRecoveryState, InstanceBandwidthWeighting, InstanceBootModeValues, InstanceLifecycleType, InstanceMetadataEndpointState, InstanceMetadataOptionsState, InstanceMetadataProtocolState, InstanceMetadataTagsState, InstanceRebootMigrationState, InstanceStateName, InstanceType, MonitoringState, NestedVirtualizationSpecification, NetworkInterfaceStatus, PlatformValues, ProductCodeValues, SecondaryInterfaceStatus, SecondaryInterfaceType, Tenancy, VirtualizationType,
}

record! { Instance {
    AmiLaunchIndex: ami_launch_index,
    Architecture: architecture,
    BlockDeviceMappings: block_device_mappings,
    BootMode: boot_mode,
    CapacityBlockId: capacity_block_id,
    CapacityReservationId: capacity_reservation_id,
    CapacityReservationSpecification: capacity_reservation_specification,
    ClientToken: client_token,
    CpuOptions: cpu_options,
    CurrentInstanceBootMode: current_instance_boot_mode,
    EbsOptimized: ebs_optimized,
    ElasticGpuAssociations: elastic_gpu_associations,
    ElasticInferenceAcceleratorAssociations: elastic_inference_accelerator_associations,
    EnaSupport: ena_support,
    EnclaveOptions: enclave_options,
    HibernationOptions: hibernation_options,
    Hypervisor: hypervisor,
    IamInstanceProfile: iam_instance_profile,
    ImageId: image_id,
    InstanceId: instance_id,
    InstanceLifecycle: instance_lifecycle,
    InstanceType: instance_type,
    Ipv6Address: ipv6_address,
    KernelId: kernel_id,
    KeyName: key_name,
    LaunchTime: launch_time,
    Licenses: licenses,
    MaintenanceOptions: maintenance_options,
    MetadataOptions: metadata_options,
    Monitoring: monitoring,
    NetworkInterfaces: network_interfaces,
    NetworkPerformanceOptions: network_performance_options,
    Operator: operator,
    OutpostArn: outpost_arn,
    Placement: placement,
    Platform: platform,
    PlatformDetails: platform_details,
    PrivateDnsName: private_dns_name,
    PrivateDnsNameOptions: private_dns_name_options,
    PrivateIpAddress: private_ip_address,
    ProductCodes: product_codes,
    PublicDnsName: public_dns_name,
    PublicIpAddress: public_ip_address,
    RamdiskId: ramdisk_id,
    RootDeviceName: root_device_name,
    RootDeviceType: root_device_type,
    SecondaryInterfaces: secondary_interfaces,
    SecurityGroups: security_groups,
    SourceDestCheck: source_dest_check,
    SpotInstanceRequestId: spot_instance_request_id,
    SriovNetSupport: sriov_net_support,
    State: state,
    StateReason: state_reason,
    StateTransitionReason: state_transition_reason,
    SubnetId: subnet_id,
    Tags: tags,
    TpmSupport: tpm_support,
    UsageOperation: usage_operation,
    UsageOperationUpdateTime: usage_operation_update_time,
    VirtualizationType: virtualization_type,
    VpcId: vpc_id,
} }

record! { Monitoring {
    State: state,
} }

record! { Placement {
    Affinity: affinity,
    AvailabilityZone: availability_zone,
    AvailabilityZoneId: availability_zone_id,
    GroupId: group_id,
    GroupName: group_name,
    HostId: host_id,
    HostResourceGroupArn: host_resource_group_arn,
    PartitionNumber: partition_number,
    SpreadDomain: spread_domain,
    Tenancy: tenancy,
} }

record! { ProductCode {
    ProductCodeId: product_code_id,
    ProductCodeType: product_code_type,
} }

record! { InstanceState {
    Code: code,
    Name: name,
} }

record! { InstanceSecondaryInterface {
    Attachment: attachment,
    InterfaceType: interface_type,
    MacAddress: mac_address,
    OwnerId: owner_id,
    PrivateIpAddresses: private_ip_addresses,
    SecondaryInterfaceId: secondary_interface_id,
    SecondaryNetworkId: secondary_network_id,
    SecondarySubnetId: secondary_subnet_id,
    SourceDestCheck: source_dest_check,
    Status: status,
} }

record! { InstanceSecondaryInterfacePrivateIpAddress {
    PrivateIpAddress: private_ip_address,
} }

record! { InstanceSecondaryInterfaceAttachment {
    AttachTime: attach_time,
    AttachmentId: attachment_id,
    DeleteOnTermination: delete_on_termination,
    DeviceIndex: device_index,
    NetworkCardIndex: network_card_index,
    Status: status,
} }

record! { InstanceNetworkPerformanceOptions {
    BandwidthWeighting: bandwidth_weighting,
} }

record! { InstanceMaintenanceOptions {
    AutoRecovery: auto_recovery,
    RebootMigration: reboot_migration,
} }

record! { PrivateDnsNameOptionsResponse {
    EnableResourceNameDnsAAAARecord: enable_resource_name_dns_aaaa_record,
    EnableResourceNameDnsARecord: enable_resource_name_dns_a_record,
    HostnameType: hostname_type,
} }

record! { EnclaveOptions {
    Enabled: enabled,
} }

record! { InstanceMetadataOptionsResponse {
    HttpEndpoint: http_endpoint,
    HttpProtocolIpv6: http_protocol_ipv6,
    HttpPutResponseHopLimit: http_put_response_hop_limit,
    HttpTokens: http_tokens,
    InstanceMetadataTags: instance_metadata_tags,
    State: state,
} }

record! { LicenseConfiguration {
    LicenseConfigurationArn: license_configuration_arn,
} }

record! { HibernationOptions {
    Configured: configured,
} }

record! { CapacityReservationSpecificationResponse {
    CapacityReservationPreference: capacity_reservation_preference,
    CapacityReservationTarget: capacity_reservation_target,
} }

record! { CapacityReservationTargetResponse {
    CapacityReservationId: capacity_reservation_id,
    CapacityReservationResourceGroupArn: capacity_reservation_resource_group_arn,
} }

record! { CpuOptions {
    AmdSevSnp: amd_sev_snp,
    CoreCount: core_count,
    NestedVirtualization: nested_virtualization,
    ThreadsPerCore: threads_per_core,
} }

record! { Tag {
    Key: key,
    Value: value,
} }

record! { StateReason {
    Code: code,
    Message: message,
} }

record! { InstanceNetworkInterface {
    Association: association,
    Attachment: attachment,
    ConnectionTrackingConfiguration: connection_tracking_configuration,
    Description: description,
    Groups: groups,
    InterfaceType: interface_type,
    Ipv4Prefixes: ipv4_prefixes,
    Ipv6Addresses: ipv6_addresses,
    Ipv6Prefixes: ipv6_prefixes,
    MacAddress: mac_address,
    NetworkInterfaceId: network_interface_id,
    Operator: operator,
    OwnerId: owner_id,
    PrivateDnsName: private_dns_name,
    PrivateIpAddress: private_ip_address,
    PrivateIpAddresses: private_ip_addresses,
    SourceDestCheck: source_dest_check,
    Status: status,
    SubnetId: subnet_id,
    VpcId: vpc_id,
} }

record! { ConnectionTrackingSpecificationResponse {
    TcpEstablishedTimeout: tcp_established_timeout,
    UdpStreamTimeout: udp_stream_timeout,
    UdpTimeout: udp_timeout,
} }

record! { InstanceIpv6Prefix {
    Ipv6Prefix: ipv6_prefix,
} }

record! { InstanceIpv4Prefix {
    Ipv4Prefix: ipv4_prefix,
} }

record! { InstancePrivateIpAddress {
    Association: association,
    Primary: primary,
    PrivateDnsName: private_dns_name,
    PrivateIpAddress: private_ip_address,
} }

record! { InstanceIpv6Address {
    Ipv6Address: ipv6_address,
    IsPrimaryIpv6: is_primary_ipv6,
} }

record! { GroupIdentifier {
    GroupId: group_id,
    GroupName: group_name,
} }

record! { InstanceNetworkInterfaceAttachment {
    AttachTime: attach_time,
    AttachmentId: attachment_id,
    DeleteOnTermination: delete_on_termination,
    DeviceIndex: device_index,
    EnaQueueCount: ena_queue_count,
    EnaSrdSpecification: ena_srd_specification,
    NetworkCardIndex: network_card_index,
    Status: status,
} }

record! { InstanceAttachmentEnaSrdSpecification {
    EnaSrdEnabled: ena_srd_enabled,
    EnaSrdUdpSpecification: ena_srd_udp_specification,
} }

record! { InstanceAttachmentEnaSrdUdpSpecification {
    EnaSrdUdpEnabled: ena_srd_udp_enabled,
} }

record! { InstanceNetworkInterfaceAssociation {
    CarrierIp: carrier_ip,
    CustomerOwnedIp: customer_owned_ip,
    IpOwnerId: ip_owner_id,
    PublicDnsName: public_dns_name,
    PublicIp: public_ip,
} }

record! { ElasticInferenceAcceleratorAssociation {
    ElasticInferenceAcceleratorArn: elastic_inference_accelerator_arn,
    ElasticInferenceAcceleratorAssociationId: elastic_inference_accelerator_association_id,
    ElasticInferenceAcceleratorAssociationState: elastic_inference_accelerator_association_state,
    ElasticInferenceAcceleratorAssociationTime: elastic_inference_accelerator_association_time,
} }

record! { ElasticGpuAssociation {
    ElasticGpuAssociationId: elastic_gpu_association_id,
    ElasticGpuAssociationState: elastic_gpu_association_state,
    ElasticGpuAssociationTime: elastic_gpu_association_time,
    ElasticGpuId: elastic_gpu_id,
} }

record! { IamInstanceProfile {
    Arn: arn,
    Id: id,
} }

record! { InstanceBlockDeviceMapping {
    DeviceName: device_name,
    Ebs: ebs,
} }

record! { EbsInstanceBlockDevice {
    AssociatedResource: associated_resource,
    AttachTime: attach_time,
    DeleteOnTermination: delete_on_termination,
    EbsCardIndex: ebs_card_index,
    Operator: operator,
    Status: status,
    VolumeId: volume_id,
    VolumeOwnerId: volume_owner_id,
} }

record! { OperatorResponse {
    HiddenByDefault: hidden_by_default,
    Managed: managed,
    Principal: principal,
} }
