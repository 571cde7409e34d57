"""A small datastrip of Level 1B, with one of everything that the geometry of an acquisition needs."""

from __future__ import annotations

DATASTRIP = "S2A_OPER_MSI_L1B_DS_DPRM_20140630T140000_S20200816T120220_N05.00"


def granule_name(detector: int, time: str = "20200816T120226") -> str:
    """Identifier of a granule of the datastrip."""
    return f"S2A_OPER_MSI_L1B_GR_DPRM_20140630T140000_S{time}_D{detector:02d}_N05.00"


def _point(seconds: int, position: str) -> str:
    return (
        f'<GPS_Point><POSITION_VALUES unit="mm">{position}</POSITION_VALUES>\n'
        '<VELOCITY_VALUES unit="mm/s">3557530 -2940565 -5974980</VELOCITY_VALUES>\n'
        f"<GPS_TIME>2020-08-16T12:02:{seconds:02d}</GPS_TIME></GPS_Point>"
    )


def _attitude(time: str) -> str:
    return (
        "<Values><QUATERNION_VALUES>-0.47671519231492 -0.749609618869837 0.14847758077967 -0.434491027202845"
        "</QUATERNION_VALUES>\n<QUATERNION_VALIDITY>true</QUATERNION_VALIDITY>"
        f"<GPS_TIME>2020-08-16T12:02:{time}</GPS_TIME></Values>\n"
    )


def _polynomial(axis: str, coefficients: str) -> str:
    degree = len(coefficients.split()) - 1
    return f"<{axis}><DEGREE>{degree}</DEGREE>\n<COEFFICIENTS>{coefficients}</COEFFICIENTS></{axis}>\n"


def datastrip_text() -> str:
    """The document."""
    points = "".join(
        _point(seconds, position)
        for seconds, position in (
            (8, "5592938400 -1685506246 4147746566"),
            (9, "5596483000 -1688448000 4141760000"),
            (10, "5600023000 -1691391000 4135769000"),
        )
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-1B_DataStrip_ID xmlns:n1="https://psd-15.sentinel2.eo.esa.int/PSD/S2_PDI_Level-1B_Datastrip_Metadata.xsd"
 datastripIdentifier="{DATASTRIP}">
<n1:General_Info>
 <Datatake_Info><SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
  <DATATAKE_SENSING_START>2020-08-16T12:02:21.024Z</DATATAKE_SENSING_START></Datatake_Info>
 <Datastrip_Time_Info>
  <DATASTRIP_SENSING_START>2020-08-16T12:02:20.458Z</DATASTRIP_SENSING_START>
  <DATASTRIP_SENSING_STOP>2020-08-16T12:02:45.712Z</DATASTRIP_SENSING_STOP>
 </Datastrip_Time_Info>
</n1:General_Info>
<n1:Image_Data_Info>
 <Granules_Information><Detector_List><Detector detectorId="01"><Granule_List>
  <Granule granuleId="{granule_name(1, "20200816T120230")}"><POSITION>2305</POSITION></Granule>
  <Granule granuleId="{granule_name(1)}">
   <POSITION>1</POSITION></Granule>
 </Granule_List></Detector></Detector_List></Granules_Information>
 <Sensor_Configuration>
  <Acquisition_Configuration>
   <TDI_Configuration_List><TDI_CONFIGURATION bandId="2">APPLIED</TDI_CONFIGURATION></TDI_Configuration_List>
   <Spectral_Band_Info><Spectral_Band_Information bandId="0">
    <PHYSICAL_GAINS>4.10907633</PHYSICAL_GAINS></Spectral_Band_Information></Spectral_Band_Info>
  </Acquisition_Configuration>
  <Time_Stamp><LINE_PERIOD unit="ms">1.565873622</LINE_PERIOD>
   <Band_Time_Stamp bandId="0"><Detector detectorId="01"><REFERENCE_LINE>3</REFERENCE_LINE>
    <GPS_TIME>2020-08-16T12:02:45.812731</GPS_TIME></Detector></Band_Time_Stamp>
  </Time_Stamp>
 </Sensor_Configuration>
 <Radiometric_Info><Radiometric_Offset_List><RADIO_ADD_OFFSET band_id="0">-100</RADIO_ADD_OFFSET>
 </Radiometric_Offset_List></Radiometric_Info>
 <Geometric_Info><Image_Refining flag="REFINED"/>
  <Refined_Corrections_List><Refined_Corrections>
   <Spacecraft_Position/>
   <MSI_State><Rotation>
    {_polynomial("X", "2.95053743505789e-06 -3.97553724884445e-08")}
    {_polynomial("Y", "3.7373972422695e-06 9.31822474193336e-09")}
    {_polynomial("Z", "2.12039954682666e-06 1.67202037437585e-09")}
   </Rotation><Homothety>{_polynomial("Z", "-2.53929601479642e-06")}</Homothety></MSI_State>
   <Focal_Plane_State focalPlaneId="VNIR"/>
  </Refined_Corrections></Refined_Corrections_List>
 </Geometric_Info>
</n1:Image_Data_Info>
<n1:Satellite_Ancillary_Data_Info>
 <Ephemeris><GPS_Points_List>{points}</GPS_Points_List></Ephemeris>
 <Attitudes><Corrected_Attitudes>{_attitude("09.9")}{_attitude("10.0")}</Corrected_Attitudes></Attitudes>
</n1:Satellite_Ancillary_Data_Info>
<n1:Auxiliary_Data_Info>
 <IERS_Bulletin><UT1_UTC unit="s">-0.27381</UT1_UTC><GPS_TIME_UTC unit="s">18</GPS_TIME_UTC>
  <POLE_U_ANGLE unit="arcsec">0.2393</POLE_U_ANGLE><POLE_V_ANGLE unit="arcsec">0.362</POLE_V_ANGLE>
 </IERS_Bulletin>
 <GIPP_List><GIPP_FILENAME type="GIP_SPAMOD" version="0024"
 >S2A_OPER_GIP_SPAMOD_MPC__20210419T000024_V20210421T233000_21000101T000000_B00</GIPP_FILENAME></GIPP_List>
</n1:Auxiliary_Data_Info>
</n1:Level-1B_DataStrip_ID>
"""
