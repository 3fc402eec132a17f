"""The store on OceanBase or seekdb."""
